//! Lines of JSON that say to which trace they belong.

use std::fmt;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// As before, with `trace_id` and `span_id` at the end while there is a span that is sent somewhere.
pub(crate) struct TracedLines(Format<Json>);

impl TracedLines {
    pub(crate) const fn of(format: Format<Json>) -> Self {
        Self(format)
    }
}

impl<S, N> FormatEvent<S, N> for TracedLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let span = Context::map_current(|current| current.span().span_context().clone());
        if !span.is_valid() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(fields) => {
                let (trace_id, span_id) = (span.trace_id(), span.span_id());
                writeln!(writer, r#"{fields},"trace_id":"{trace_id}","span_id":"{span_id}"}}"#)
            }
            None => writer.write_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use serde_json::Value;
    use tracing::{info, info_span, subscriber};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(work: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true);
        let lines = lines.map_event_format(TracedLines::of).with_writer(move || writer.clone());
        let spans = SdkTracerProvider::builder().build().tracer("test");
        let subscriber = tracing_subscriber::registry()
            .with(lines)
            .with(tracing_opentelemetry::layer().with_tracer(spans));
        subscriber::with_default(subscriber, work);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_within_a_span_tells_its_trace_and_one_outside_tells_none() {
        let mut traceparent = None;
        let lines = lines_of(|| {
            info!(motor = "P-101", "before");
            info_span!("work").in_scope(|| {
                traceparent = crate::current_traceparent();
                info!(motor = "P-101", "a \"quoted\" word}}");
            });
            info!("after");
        });
        let [before, within, after] = &lines[..] else { panic!("{lines:?}") };
        let traceparent = traceparent.unwrap();
        let parts: Vec<&str> = traceparent.split('-').collect();
        assert_eq!([&within["trace_id"], &within["span_id"]], [parts[1], parts[2]]);
        assert_eq!(within["message"], "a \"quoted\" word}");
        assert_eq!(within["motor"], "P-101");
        for line in [before, after] {
            assert!(line.get("trace_id").is_none(), "{line}");
        }
    }
}
