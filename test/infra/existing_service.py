# An existing service in Python: everything it needs to know comes from the standard variables. Prints the trace id.
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("existing").start_as_current_span("existing work") as span:
    print(trace.format_trace_id(span.get_span_context().trace_id), end="")
provider.shutdown()
