//! A function, as a process of its own.

use std::error::Error;
use std::io::Write;

use domain::Arn;
use domain::price::Prices;
use domain::snapshot::drill::Ceiling;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use platform::settings::{AutoscaleSettings, SnapshotSettings};
use platform::{Aws, Clock, ClockSource, Dialler, Journal};
use serde_json::Value;

/// Has the function of this name handle one event at this time, and tells the most memory that it took.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn handle(name: &str, event: &str, at: &str) -> Result<(), Box<dyn Error>> {
    let at: Timestamp = at.parse()?;
    let mut context = Context::default();
    context.invoked_function_arn =
        format!("arn:aws:lambda:us-east-1:123456789012:function:warden-{name}");
    let event = LambdaEvent::new(serde_json::from_str(event)?, context);
    let clock = ClockSource::Shared(Clock::starting_at(at));
    match name {
        "snapshot" => snapshot(event, clock).await?,
        "autoscale" => autoscale(event, clock).await?,
        _ => return Err(format!("{name} is no function").into()),
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let peak =
        peak.and_then(|it| it.split_whitespace().next()).ok_or("a process without memory")?;
    writeln!(std::io::stderr(), "peak {peak}")?;
    Ok(())
}

fn arn(kind: &str) -> Result<Arn, Box<dyn Error>> {
    Ok(Arn::parse(&format!("arn:aws:{kind}"))?)
}

async fn autoscale(event: LambdaEvent<Value>, clock: ClockSource) -> Result<(), Box<dyn Error>> {
    let settings = AutoscaleSettings {
        state_machine: arn("states:us-east-1:123456789012:stateMachine:warden-continue")?,
        alarm_topic: arn("sns:us-east-1:123456789012:warden-alarms")?,
        topic: Some(arn("sns:us-east-1:123456789012:warden-notifications")?),
        prices: Prices::default(),
    };
    let aws = Aws::from_environment().await;
    let app = autoscale::App::new(&aws, settings, clock, Journal::stdout());
    let said = app.handle(event).await.map_err(|it| it.error_message)?;
    let summary = said.get("summary").and_then(Value::as_str).unwrap_or_default();
    writeln!(std::io::stderr(), "{summary}")?;
    Ok(())
}

async fn snapshot(event: LambdaEvent<Value>, clock: ClockSource) -> Result<(), Box<dyn Error>> {
    let settings = SnapshotSettings {
        state_machine: arn("states:us-east-1:123456789012:stateMachine:warden-continue")?,
        alarm_topic: arn("sns:us-east-1:123456789012:warden-alarms")?,
        topic: Some(arn("sns:us-east-1:123456789012:warden-notifications")?),
        counts_keys: false,
        drill_ceiling: Ceiling::None,
        prices: Prices::default(),
    };
    let aws = Aws::from_environment().await;
    let nobody =
        Dialler::from_fn(|_, _| Box::pin(async { Err(std::io::Error::other("nobody is there")) }));
    let app = snapshot::App::new(&aws, settings, clock, Journal::stdout(), nobody);
    app.handle(event).await.map_err(|it| it.error_message)?;
    Ok(())
}
