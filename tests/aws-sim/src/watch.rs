//! Somebody who looks at a world whenever something in it may have changed, and remembers what was not as it has to be at every moment.

use std::fmt;

use crate::State;

/// What does not hold just now, in words.
pub type Look = Box<dyn FnMut(&State) -> Option<String> + Send>;

/// Who looks, and what they saw.
#[derive(Default)]
pub struct Watch {
    look: Option<Look>,
    seen: Vec<String>,
    last: Option<String>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Watch {
    /// From now on this is looked at after every call and after everything that happens by itself.
    pub fn set(&mut self, look: impl FnMut(&State) -> Option<String> + Send + 'static) {
        self.look = Some(Box::new(look));
    }

    /// What did not hold, and when it began not to.
    pub fn seen(&self) -> &[String] {
        &self.seen
    }
}

impl State {
    /// Has whoever watches look.
    pub(crate) fn look_around(&mut self) {
        // Taken out, as the look may see all of the state.
        let Some(mut look) = self.watch.look.take() else { return };
        let wrong = look(self);
        let watch = &mut self.watch;
        watch.look = Some(look);
        // What goes on being wrong is told once.
        if let Some(wrong) = wrong.as_ref().filter(|it| watch.last.as_ref() != Some(it)) {
            watch.seen.push(format!("{}: {wrong}", self.now));
        }
        watch.last = wrong;
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::{Request, Settings, World};

    fn create(world: &World) {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request";
        let form = "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&Version=2015-02-02";
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: form.into(),
        };
        assert_eq!(world.call(world.clock(), &request).status, 200);
    }

    #[test]
    fn each_state_between_two_changes_is_looked_at_and_told_once() {
        let world = World::new(Settings::default());
        world.with(|state| {
            state.watch.set(|it| {
                let group = it.elasticache.groups.get("orders")?;
                Some(format!("it is {}", group.status.word()))
            });
        });
        create(&world);
        let begun = world.with(|it| it.now);
        // Nobody calls in between.
        world.advance(begun + SignedDuration::from_hours(1));
        let seen = world.with(|it| it.watch.seen().to_vec());
        let made = begun + Settings::default().durations.create;
        assert_eq!(seen, [format!("{begun}: it is creating"), format!("{made}: it is available")]);
    }
}
