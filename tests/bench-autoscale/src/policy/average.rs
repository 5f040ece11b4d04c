//! What Application Auto Scaling does with replicas: a target of 60 %, ten minutes of cooldown on the way up and fifteen on the way down, and one
//! replica less at a time (autoscaling A.1).

use domain::autoscale::sizing::Size;

use crate::ladder::REPLICAS_MAX;
use crate::world::{Policy, View};

/// Counts replicas.
pub(crate) struct Replicas {
    /// How busy they are to be.
    pub(crate) target: f64,
}

impl Policy for Replicas {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a handful of replicas"
    )]
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        let Size { at, replicas } = view.has;
        let is_over = self.target <= view.least(3, |it| it.replica);
        if is_over && 10 <= view.since_change() && replicas < REPLICAS_MAX {
            let wants =
                (f64::from(replicas) * view.mean(3, |it| it.replica) / self.target).ceil() as u32;
            return Some(Size { at, replicas: wants.max(replicas + 1).min(REPLICAS_MAX) });
        }
        let is_under = view.most(15, |it| it.replica) < 0.75 * self.target;
        (is_under && 15 <= view.since_change() && 1 < replicas)
            .then(|| Size { at, replicas: replicas - 1 })
    }
}
