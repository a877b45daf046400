# syntax=docker/dockerfile:1
# One target an app: docker build --target ingest|slo|shop|migrate -t ballast-ingest:local .
# test/infra/image.test.ts runs these very steps in a clean folder, without Docker.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /ballast
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund --include-workspace-root --workspace=apps/ingest --workspace=apps/slo --workspace=apps/shop
RUN npx tsc -b apps/ingest apps/slo apps/shop

FROM build AS ingest-files
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev --workspace=apps/ingest
RUN node scripts/image/lay-out.mjs apps/ingest && mkdir /ballast/journal

FROM build AS slo-files
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev --workspace=apps/slo
RUN node scripts/image/lay-out.mjs apps/slo infra/slo

FROM build AS shop-files
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev --workspace=apps/shop
RUN node scripts/image/lay-out.mjs apps/shop

FROM build AS migrate-files
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev --workspace=libs/clickhouse
RUN node scripts/image/lay-out.mjs libs/clickhouse

FROM node:24.21.0-bookworm-slim AS app
ENV NODE_ENV=production
WORKDIR /ballast
# The image's user node, as numbers: Kubernetes can see that they are not root.
USER 1000:1000

FROM app AS ingest
COPY --from=ingest-files /ballast/image ./
# A volume that is mounted here for the first time belongs to the user that it is made for.
COPY --from=ingest-files --chown=1000:1000 /ballast/journal /journal
EXPOSE 4317 4318
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "healthy.mjs", "http://127.0.0.1:4318/readyz"]
CMD ["node", "--enable-source-maps", "--max-semi-space-size=1", "--single-threaded-gc", "apps/ingest/dist/main.js"]

FROM app AS slo
COPY --from=slo-files /ballast/image ./
EXPOSE 9095
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "healthy.mjs", "http://127.0.0.1:9095/readyz"]
CMD ["node", "--enable-source-maps", "apps/slo/dist/main.js"]

FROM app AS shop
COPY --from=shop-files /ballast/image ./
EXPOSE 8080 8081 8082 8083
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "healthy.mjs", "http://127.0.0.1:8080/readyz"]
CMD ["node", "--enable-source-maps", "apps/shop/dist/main.js"]

FROM app AS migrate
COPY --from=migrate-files /ballast/image ./
CMD ["node", "--enable-source-maps", "libs/clickhouse/dist/migrate-cli.js"]
