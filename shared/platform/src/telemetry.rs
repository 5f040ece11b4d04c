//! JSON logs on standard output, one object a line.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging, at the level that `CACHEWARDEN_LOG_LEVEL` names, `info` without it.
///
/// The SDK and the HTTP stack stay at `warn` whatever is asked for: their debug lines hold request bodies, and with them
/// tokens (facts 10).
pub fn start(lookup: impl Fn(&str) -> Option<String>) {
    let level = lookup("CACHEWARDEN_LOG_LEVEL")
        .and_then(|it| it.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    let ours = ["platform", "provision", "rotate", "snapshot", "autoscale"].map(|it| (it, level));
    let targets = Targets::new().with_default(LevelFilter::WARN).with_targets(ours);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .without_time();
    // A second start, as in a test, changes nothing.
    let _started = tracing_subscriber::registry().with(targets).with(lines).try_init();
}
