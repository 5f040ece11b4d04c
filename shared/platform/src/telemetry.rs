//! JSON logs on standard output, one object a line.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::LOG_LEVEL;

/// Starts logging, at the level that `CACHEWARDEN_LOG_LEVEL` names, `info` without it.
pub fn start(lookup: impl Fn(&str) -> Option<String>) {
    // A second start, as in a test, changes nothing.
    let _started = subscriber(lookup, std::io::stdout).try_init();
}

/// The log, as it is written to any place.
///
/// The SDK and the HTTP stack stay at `warn` whatever is asked for: their debug lines hold request bodies, and with them
/// tokens (facts 10).
pub fn subscriber<W>(
    lookup: impl Fn(&str) -> Option<String>,
    place: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = lookup(LOG_LEVEL)
        .and_then(|it| it.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    let ours = ["platform", "provision", "rotate", "snapshot", "autoscale"].map(|it| (it, level));
    let targets = Targets::new().with_default(LevelFilter::WARN).with_targets(ours);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .without_time()
        .with_writer(place);
    tracing_subscriber::registry().with(targets).with(lines)
}
