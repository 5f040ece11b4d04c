//! Handing on the work on many groups: one execution goes on with all of them, each by itself, or few where there are very many.

use domain::snapshot::crowd;
use platform::continuation::{Each, Started};
use serde_json::Value;

use crate::Run;
use crate::report::{End, Story};

impl Run<'_> {
    /// Has the state machine go on with each of these, of so many groups in all, under a name that every delivery of the event shares. Tells of
    /// each what came of it.
    pub(crate) async fn hand_each(
        &self,
        name: &str,
        groups: usize,
        work: Vec<(Story, Each)>,
    ) -> Vec<Value> {
        let parts = crowd::parts(groups);
        let mut shared_out: Vec<Vec<(Story, Each)>> = (0..parts).map(|_| Vec::new()).collect();
        for it in work {
            let part = it.0.group.as_ref().map_or(0, |it| crowd::part(it, parts));
            if let Some(part) = shared_out.get_mut(part) {
                part.push(it);
            }
        }
        let mut answers = Vec::new();
        for (number, part) in (1_usize..).zip(shared_out) {
            if !part.is_empty() {
                let name = format!("{name}-{number}of{parts}");
                answers.extend(self.hand_part(&name, part).await);
            }
        }
        answers
    }

    async fn hand_part(&self, name: &str, part: Vec<(Story, Each)>) -> Vec<Value> {
        let (stories, each): (Vec<Story>, Vec<Each>) = part.into_iter().unzip();
        let function = &self.context.invoked_function_arn;
        let end = match self.app.executions.start_each(name, function, &each).await {
            Ok(Started::Now) => End::Handed(name.to_owned()),
            Ok(Started::Before) => End::Before(name.to_owned()),
            // Told once and not for each.
            Err(fault) if 1 < stories.len() => {
                let asked = format!("begin the work on {} groups", stories.len());
                return vec![self.failed(&asked, fault).await];
            }
            Err(fault) => crate::ended_by(fault),
        };
        let mut answers = Vec::new();
        for story in &stories {
            answers.push(self.close(story, &end).await);
        }
        answers
    }
}
