//! Ten thousand groups: the first run finds them and hands on the parts, and each part is swept by a run of its own.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;

use domain::GroupId;
use domain::snapshot::crowd;
use platform::continuation::INPUT_LEN_MAX;
use serde_json::{Value, json};

use crate::front::Front;
use crate::stock::{self, VERY_MANY};
use crate::{GROUPS_A_CALL, over, sweep};

/// Measures all of it. Gives what is over a limit.
pub(crate) fn measured() -> Result<Vec<String>, Box<dyn Error>> {
    let world = stock::world_of_very_many()?;
    let front = Front::open(world.clone(), stock::now())?;
    writeln!(std::io::stdout(), "\nSweeps over {VERY_MANY} groups, handed on in parts")?;
    let many = crowd::parts(VERY_MANY);
    let mut broken = Vec::new();
    for (what, event) in [
        ("take what is due", json!({ "action": "take", "tier": "due", "time": stock::now() })),
        ("prune", json!({ "action": "prune" })),
    ] {
        let before = front.pages_of_groups();
        broken.extend(sweep(what, &event.to_string(), &world, &front, many)?);
        let most = VERY_MANY.div_ceil(GROUPS_A_CALL);
        broken.extend(found(&front, before, most)?);
        let longest = world.with(|it| {
            it.sfn.executions.iter().map(|it| it.input.to_string().len()).max().unwrap_or_default()
        });
        writeln!(std::io::stdout(), "{:<24} an execution begins with {longest} bytes at most", "")?;
        broken.extend(over(INPUT_LEN_MAX < longest, format!("{what} begins with {longest} bytes")));
    }
    broken.extend(one()?);
    Ok(broken)
}

/// One part, as its execution has the function look at it. The groups of all parts are there, and the snapshots of this one: the function asks
/// for no others.
fn one() -> Result<Vec<String>, Box<dyn Error>> {
    let groups: Vec<GroupId> = stock::very_many().collect::<Result<_, _>>()?;
    let parts = crowd::shared_out(groups);
    let part = parts.iter().max_by_key(|it| it.len()).ok_or("there are no parts")?;
    let ids: BTreeSet<&str> = part.iter().map(GroupId::as_str).collect();
    let world = stock::world_of_part(&ids)?;
    let front = Front::open(world.clone(), stock::now())?;
    writeln!(
        std::io::stdout(),
        "\nThe largest of {} parts: {} groups of {VERY_MANY}, with {} snapshots",
        parts.len(),
        part.len(),
        world.with(|it| it.elasticache.snapshots.len())
    )?;
    let mut broken = Vec::new();
    for (what, event) in [
        ("take what is due", json!({ "action": "take", "tier": "due", "time": stock::now() })),
        ("prune", json!({ "action": "prune" })),
    ] {
        let before = front.pages_of_groups();
        broken.extend(sweep(what, &carried(event, part).to_string(), &world, &front, 1)?);
        broken.extend(found(&front, before, part.len().div_ceil(GROUPS_A_CALL))?);
    }
    Ok(broken)
}

/// What the state machine calls the function with for a part.
fn carried(mut event: Value, part: &[GroupId]) -> Value {
    if let Value::Object(fields) = &mut event {
        fields.insert("groups".to_owned(), json!(part));
    }
    let carrier = json!({ "execution": "snapshot-part-1of10", "startedAt": stock::now() });
    json!({ "cachewarden": carrier, "event": event })
}

/// How many calls found the groups since.
fn found(front: &Front, before: usize, most: usize) -> Result<Option<String>, Box<dyn Error>> {
    let pages = front.pages_of_groups() - before;
    writeln!(std::io::stdout(), "{:<24} {pages} calls found them", "")?;
    Ok(over(most < pages, format!("{pages} calls found the groups, {most} is the limit")))
}
