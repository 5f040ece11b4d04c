//! Very many groups at once. One execution goes on with all of a run, each by itself; and of more than one run can look through, an execution
//! has the function look at each part.

use domain::GroupId;
use domain::owner::short_hash;
use domain::snapshot::{Refusal, crowd};
use platform::Fault;
use platform::continuation::{self, Each, Started};
use serde_json::{Value, json};

use crate::event::Scope;
use crate::observe::{self, Crowd, Ours};
use crate::report::{self, End, Story};
use crate::{Run, ended_by};

/// What is done with many groups.
pub(crate) struct Sweep {
    /// In words.
    pub(crate) asked: &'static str,
    /// How the names of its executions begin. Every delivery of the event shares it.
    pub(crate) name: String,
    /// What the function is called with for a part, beside its groups. Nothing, where it only tells whoever asks.
    pub(crate) event: Option<Value>,
}

impl Run<'_> {
    /// The groups that are ours, or those of them that are asked for. Else the answer: that there are none, or that it is handed on.
    pub(crate) async fn ours(
        &self,
        sweep: &Sweep,
        scope: &Scope,
    ) -> Result<Result<Vec<Ours>, Value>, Fault> {
        let near = &self.context.invoked_function_arn;
        match scope {
            Scope::All => Ok(match observe::crowd(self.app).await? {
                Crowd::Few(groups) => Ok(groups),
                Crowd::Many(groups) => Err(self.hand_parts(sweep, groups).await),
            }),
            Scope::These(groups) => Ok(Ok(observe::these(self.app, near, groups).await?)),
            Scope::One(group) => {
                let found = observe::these(self.app, near, std::slice::from_ref(group)).await?;
                if found.is_empty() {
                    let end = End::Refused(Refusal::NotOurs);
                    return Ok(Err(self.close(&Story::of(sweep.asked, group), &end).await));
                }
                Ok(Ok(found))
            }
        }
    }

    /// Has the function do the same with each part, called by an execution of its own.
    async fn hand_parts(&self, sweep: &Sweep, groups: Vec<GroupId>) -> Value {
        let (asked, all) = (sweep.asked, groups.len());
        let Some(event) = &sweep.event else {
            let most = crowd::RUN_MAX;
            let why = format!(
                "there are {all} groups, and one answer tells of {most} at most; name them in `group` or `groups`"
            );
            return continuation::ended("refused", &why);
        };
        let parts = crowd::shared_out(groups);
        let many = parts.len();
        let mut answers = Vec::new();
        for (number, part) in parts.iter().enumerate().filter(|it| !it.1.is_empty()) {
            let mut event = event.clone();
            if let Value::Object(fields) = &mut event {
                fields.insert("groups".to_owned(), json!(part));
            }
            let which = number + 1;
            let asked = format!("{asked}, of {} groups, part {which} of {many}", part.len());
            let name = format!("{}-{which}of{many}", sweep.name);
            let end = self.hand(&name, &event, crowd::part_wait_seconds(number)).await;
            answers.push(self.close(&Story { asked, ..Story::default() }, &end).await);
            // What is not granted for one is for none, and is told once.
            if let End::Failed(_) = end {
                break;
            }
        }
        report::together(answers, report::NO_GROUP)
    }

    /// The name of the execution that goes on with each group. Where one carries a part, that makes it the same part.
    pub(crate) fn name_of_each(&self, name: &str, scope: &Scope) -> String {
        match (&self.delivery.carrier, scope) {
            (Some(carrier), Scope::These(_)) => format!("{}-each", carrier.execution),
            (None, Scope::These(groups)) => {
                let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
                format!("{name}-{}", short_hash(&ids.join(" ")))
            }
            (_, Scope::All | Scope::One(_)) => name.to_owned(),
        }
    }

    /// The answer for whoever called. To an execution it is the end, and has to be short: the journal tells of each.
    pub(crate) fn answer_of_many(
        &self,
        answers: Vec<Value>,
        scope: &Scope,
        nothing: &str,
    ) -> Value {
        let is_part = matches!(scope, Scope::These(_)) && self.delivery.carrier.is_some();
        if is_part {
            return report::of_part(&answers, nothing);
        }
        report::together(answers, nothing)
    }

    /// The same of so many groups in all that one execution may not be told of each.
    pub(crate) async fn hand_each_in_parts(
        &self,
        name: &str,
        groups: usize,
        work: Vec<(Story, Each)>,
    ) -> Vec<Value> {
        let many = crowd::parts(groups);
        let mut parts: Vec<Vec<(Story, Each)>> = (0..many).map(|_| Vec::new()).collect();
        for it in work {
            let part = it.0.group.as_ref().map_or(0, |it| crowd::part(it, many));
            if let Some(part) = parts.get_mut(part) {
                part.push(it);
            }
        }
        let mut answers = Vec::new();
        for (number, part) in (1_usize..).zip(parts) {
            answers.extend(self.hand_each(&format!("{name}-{number}of{many}"), part).await);
        }
        answers
    }

    /// Has the state machine go on with each of these, under a name that every delivery of the event shares. Tells of each what came of it.
    pub(crate) async fn hand_each(&self, name: &str, work: Vec<(Story, Each)>) -> Vec<Value> {
        if work.is_empty() {
            return Vec::new();
        }
        let (stories, each): (Vec<Story>, Vec<Each>) = work.into_iter().unzip();
        let function = &self.context.invoked_function_arn;
        let end = match self.app.executions.start_each(name, function, &each).await {
            Ok(Started::Now) => End::Handed(name.to_owned()),
            Ok(Started::Before) => End::Before(name.to_owned()),
            // Told once and not for each.
            Err(fault) if 1 < stories.len() => {
                let asked = format!("begin the work on {} groups", stories.len());
                return vec![self.failed(&asked, fault).await];
            }
            Err(fault) => ended_by(fault),
        };
        let mut answers = Vec::new();
        for story in &stories {
            answers.push(self.close(story, &end).await);
        }
        answers
    }
}
