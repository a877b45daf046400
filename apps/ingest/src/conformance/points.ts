import { grpcPoints } from './grpc-points.ts'
import { httpPoints } from './http-points.ts'
import { jsonPoints } from './json-points.ts'
import type { Point } from './point.ts'
import { protobufPoints } from './protobuf-points.ts'

/** What a receiver of OTLP 1.11 must and should do, point by point. The tests of ingest and the conformance runner read this list. */
export const points: readonly Point[] = [...httpPoints, ...jsonPoints, ...protobufPoints, ...grpcPoints]
