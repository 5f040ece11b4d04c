//! What would have been decided about a group over a past of its own, for who has not given it to the autoscaler yet, or wants to know what that brought.

use domain::GroupId;
use domain::autoscale::backtest::{self, Outcome, Trial, had, picture, report};
use domain::autoscale::past::Past;
use domain::autoscale::{LoadView, setting};
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use platform::journal::Record;
use platform::{FaultKind, continuation};
use serde_json::{Value, json};

use crate::{Run, again, observe};

impl Run<'_> {
    /// Takes the decision through the past of a group. It changes nothing, and asks for no tag of ours.
    pub(crate) async fn backtest(&self, group: &GroupId, days: i64) -> Result<Value, Diagnostic> {
        let now = self.clock.now();
        let (view, from, together) = match observe::past(self.app, group, days, now).await {
            Ok(seen) => seen,
            Err(fault) if fault.kind == FaultKind::Transient => return Err(again(&fault)),
            Err(fault) => return Ok(self.tell_backtest(group, Err(("failed", fault.to_string())))),
        };
        let told = self.gone_through(&view, (from, now), together);
        Ok(self.tell_backtest(group, told.map_err(|why| ("refused", why))))
    }

    /// What came of it, as a line, a report and a picture; or why nothing can come of it.
    fn gone_through(
        &self,
        view: &LoadView,
        (from, now): (Timestamp, Timestamp),
        together: u16,
    ) -> Result<(String, String, String), String> {
        let catalog = self.app.catalog();
        let setting = setting(&catalog, view, now).map_err(|it| it.to_string())?;
        let entry = setting.offer.current().and_then(|it| catalog.find(&it.node_type));
        let (Some(group), Some(loads), Some(entry)) = (&view.group, &view.load, entry) else {
            return Err("nothing is known of it".to_owned());
        };
        let past = Past::over(group, entry, &loads.days, (from, now));
        // Nothing tells which node types it had before; what it has now is taken for all of the past.
        let had = had::by_replicas(&past.history(), setting.offer.has);
        let trial = Trial {
            history: past.history(),
            every: usize::from(together),
            had: &had,
            rule: &setting.rule,
            bounds: &setting.bounds,
            candidates: &setting.offer.candidates,
        };
        let outcome = backtest::run(&trial).map_err(|it| it.to_string())?;
        let name = group.id.as_str();
        Ok((
            in_a_line(&outcome),
            report::text(name, &trial, &outcome),
            picture::svg(name, &trial, &outcome),
        ))
    }

    fn tell_backtest(
        &self,
        group: &GroupId,
        told: Result<(String, String, String), (&'static str, String)>,
    ) -> Value {
        let (status, line) = match &told {
            Ok((line, ..)) => ("settled", line.clone()),
            Err((status, why)) => (*status, why.clone()),
        };
        let record = Record {
            function: "autoscale",
            group: Some(group.to_string()),
            asked: format!("backtest {group}"),
            saw: line.clone(),
            outcome: status,
            decided: "nothing".to_owned(),
            why: "a past changes nothing".to_owned(),
            next: "nothing".to_owned(),
            ..Record::default()
        };
        self.app.journal.write(&record, self.clock.now());
        match told {
            Ok((line, report, picture)) => json!({
                "status": status,
                "summary": format!("{group}: {line}"),
                "report": report,
                "picture": picture,
            }),
            Err(_) => continuation::ended(status, &format!("{group}: {line}")),
        }
    }
}

/// The sum of it.
fn in_a_line(outcome: &Outcome) -> String {
    let (was, would) = (&outcome.was, &outcome.would);
    format!(
        "over {} days it cost ${:.2} a month and was overloaded for {} minutes; with {} decisions it would have cost ${:.2} a month, with {} minutes",
        outcome.minutes.div_ceil(24 * 60),
        outcome.month(was.dollars),
        was.overload,
        outcome.decisions.len(),
        outcome.month(would.dollars),
        would.overload,
    )
}
