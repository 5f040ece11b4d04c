//! The function, as a process of its own.

use std::error::Error;
use std::io::Write;

use domain::Arn;
use domain::price::Prices;
use domain::snapshot::drill::Ceiling;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use platform::settings::SnapshotSettings;
use platform::{Aws, Clock, ClockSource, Dialler, Journal};
use snapshot::App;

/// Handles one event at this time, and tells the most memory that it took.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn handle(event: &str, at: &str) -> Result<(), Box<dyn Error>> {
    let at: Timestamp = at.parse()?;
    let arn = |kind: &str| Arn::parse(&format!("arn:aws:{kind}"));
    let settings = SnapshotSettings {
        state_machine: arn("states:us-east-1:123456789012:stateMachine:warden-continue")?,
        alarm_topic: arn("sns:us-east-1:123456789012:warden-alarms")?,
        topic: Some(arn("sns:us-east-1:123456789012:warden-notifications")?),
        counts_keys: false,
        drill_ceiling: Ceiling::None,
        prices: Prices::default(),
    };
    let aws = Aws::from_environment().await;
    let clock = ClockSource::Shared(Clock::starting_at(at));
    let nobody =
        Dialler::from_fn(|_, _| Box::pin(async { Err(std::io::Error::other("nobody is there")) }));
    let app = App::new(&aws, settings, clock, Journal::stdout(), nobody);
    let mut context = Context::default();
    "arn:aws:lambda:us-east-1:123456789012:function:warden-snapshot"
        .clone_into(&mut context.invoked_function_arn);
    let event = LambdaEvent::new(serde_json::from_str(event)?, context);
    app.handle(event).await.map_err(|it| it.error_message)?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let peak =
        peak.and_then(|it| it.split_whitespace().next()).ok_or("a process without memory")?;
    writeln!(std::io::stderr(), "peak {peak}")?;
    Ok(())
}
