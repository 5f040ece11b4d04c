//! What a group had, as its metrics tell.

use super::super::sizing::{History, Size};

/// A count of replicas that is gone again sooner was a member that was late with its metrics.
const LASTS: i64 = 10;

/// The sizes of a group that had one node type throughout, by the replicas that the metrics tell of.
pub fn by_replicas(history: &History<'_>, node_type: usize) -> Vec<(i64, Size)> {
    let mut had: Vec<(i64, Size)> = Vec::new();
    let mut run: Option<(i64, Size)> = None;
    for (at, minute) in history.numbered() {
        let size = Size { at: node_type, replicas: minute.replicas };
        let (since, size) = *match &mut run {
            Some(run) if run.1 == size => run,
            other => other.insert((at, size)),
        };
        let is_known = had.last().is_some_and(|it| it.1 == size);
        if LASTS <= at.saturating_sub(since) && !is_known {
            had.push((since, size));
        }
    }
    // A past so short has what it ends with.
    if had.is_empty() { run.into_iter().collect() } else { had }
}
