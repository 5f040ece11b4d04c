//! What a deletion would do.

use jiff::Timestamp;

use super::super::farewell::{self, Farewell};
use super::super::{Around, Removal, Seen};
use super::{Forecast, follow, words};
use crate::snapshot::take::ReadFrom;
use crate::snapshot::{Origin, SavedShard, SnapshotStatus, SnapshotView};
use crate::{Bytes, tag};

/// Foretells a deletion. What stands around the group is looked at only when that is gone, so it is given beside what was seen.
pub fn forecast_end(farewell: &Farewell, seen: &Seen, around: &Around, now: Timestamp) -> Forecast {
    let next = |seen: &Seen| farewell::plan(farewell, seen, now);
    let tell = |removal: &_, _: &Seen| Some(words::of_removal(removal, farewell.group.as_str()));
    let after = |removal: &_, seen: &mut Seen| of_removal(removal, farewell, around, seen);
    follow(seen.clone(), next, tell, after)
}

/// Thinks of what is seen after a step of a deletion.
fn of_removal(removal: &Removal, farewell: &Farewell, around: &Around, seen: &mut Seen) {
    match removal {
        Removal::CloseWayBack { .. } => {
            let tags = seen.group.iter_mut().filter_map(|it| it.tags.as_mut());
            tags.for_each(|it| drop(it.remove(tag::REPLACED_BY)));
        }
        Removal::TakeLast { name, of, .. } => {
            seen.last = Some(taken(name.as_str(), of, farewell));
        }
        Removal::Retain { tags, .. } => {
            let group = seen.group.iter_mut();
            group.for_each(|it| it.tags.get_or_insert_default().extend(tags.clone()));
        }
        Removal::LetGo { .. } => {
            let tags = seen.group.iter_mut().filter_map(|it| it.tags.as_mut());
            tags.for_each(|it| drop(it.remove(tag::OWNER)));
        }
        Removal::Group => {
            seen.group = None;
            seen.around = Some(around.clone());
        }
        Removal::KeepParked { tags, .. } => {
            let parked = seen.around.iter_mut().filter_map(|it| it.parked.as_mut());
            parked.for_each(|it| it.tags.get_or_insert_default().extend(tags.clone()));
        }
        Removal::Alarms(names) => {
            seen.around.iter_mut().for_each(|it| it.alarms.retain(|it| !names.contains(&it.name)));
        }
        Removal::ParameterGroup { name } => {
            seen.around.iter_mut().for_each(|it| it.parameter_groups.retain(|it| it.name != *name));
        }
        Removal::SubnetGroup => seen.around.iter_mut().for_each(|it| it.subnet_group = None),
        Removal::LogGroup { name } => {
            seen.around.iter_mut().for_each(|it| it.log_groups.retain(|it| it.name != *name));
        }
        Removal::Secret { .. } => {
            let secret = seen.around.iter_mut().filter_map(|it| it.secret.as_mut());
            secret.for_each(|it| it.deleted = true);
        }
    }
}

/// A last snapshot that is whole.
fn taken(name: &str, of: &ReadFrom, farewell: &Farewell) -> SnapshotView {
    let (group, member) = match of {
        ReadFrom::Group(it) => (Some(it.to_string()), None),
        ReadFrom::Member(it) => (None, Some(it.to_string())),
    };
    SnapshotView {
        name: name.to_owned(),
        arn: String::new(),
        status: SnapshotStatus::Available,
        origin: Origin::Manual,
        group,
        member,
        taken_at: None,
        size: Some(Bytes(1)),
        node_type: None,
        engine: String::new(),
        engine_version: String::new(),
        shards: vec![SavedShard::default()],
        port: None,
        tags: Some([(tag::GROUP.to_owned(), farewell.group.to_string())].into()),
    }
}
