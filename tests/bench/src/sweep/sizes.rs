//! Looks of `autoscale`: at one group without shards, at large ones with them, and a round over hundreds.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use aws_sim::World;
use aws_sim::settings::{Quotas, Settings};
use jiff::SignedDuration;

use crate::front::Front;
use crate::{counts, mebi, over, peak_of, stock};

/// Of the 1024 MiB that the template gives the function.
const MEMORY_KIB_MAX: u64 = 768 * 1024;
/// Shards of a primary and a replica, up to the quota of 90 nodes that an account has at first (facts 1.5).
const SHARDS: [usize; 2] = [2, 45];
/// Groups of two nodes.
const MANY: usize = 300;

/// Measures all of it. Gives what is over a limit.
pub(crate) fn measured() -> Result<Vec<String>, Box<dyn Error>> {
    writeln!(
        std::io::stdout(),
        "\nLooks of autoscale at three days by the minute and a week by the hour, of which none may take more than {} MiB",
        MEMORY_KIB_MAX / 1024
    )?;
    let mut broken = Vec::new();
    let plain = world_of(1, "NumCacheClusters=2&AutomaticFailoverEnabled=true")?;
    broken.extend(look(
        "one group of 2 nodes",
        r#"{"action":"evaluate","group":"orders-0"}"#,
        plain,
    )?);
    for shards in SHARDS {
        let shape = format!(
            "CacheParameterGroupName=default.redis7.cluster.on&NumNodeGroups={shards}&ReplicasPerNodeGroup=1&AutomaticFailoverEnabled=true"
        );
        let what = format!("{shards} shards of 2 nodes");
        let event = r#"{"action":"evaluate","group":"orders-0"}"#;
        broken.extend(look(&what, event, world_of(1, &shape)?)?);
    }
    let many = world_of(MANY, "NumCacheClusters=2&AutomaticFailoverEnabled=true")?;
    broken.extend(look(&format!("a round over {MANY} groups"), r#"{"action":"evaluate"}"#, many)?);
    Ok(broken)
}

/// Has the function look, prints what it took, and gives what is over a limit.
fn look(what: &str, event: &str, world: World) -> Result<Vec<String>, Box<dyn Error>> {
    let front = Front::open(world.clone(), stock::now())?;
    let before: usize = counts(&world).values().sum();
    let began = Instant::now();
    let (peak_kib, said) = peak_of("autoscale", event, &front)?;
    let calls = counts(&world).values().sum::<usize>() - before;
    writeln!(
        std::io::stdout(),
        "{what:<24} peak {:>5.1} MiB, {calls:>5} calls, {:.1} s with the simulator's part: {said}",
        mebi(peak_kib),
        began.elapsed().as_secs_f64()
    )?;
    Ok(over(MEMORY_KIB_MAX < peak_kib, format!("{what} takes {peak_kib} KiB"))
        .into_iter()
        .collect())
}

/// So many groups of this shape, with a policy, that have told all that is read of them.
fn world_of(count: usize, shape: &str) -> Result<World, Box<dyn Error>> {
    let start = stock::now() - SignedDuration::from_hours(8 * 24);
    let quotas =
        Quotas { nodes: None, parameter_groups: None, subnet_groups: None, ..Quotas::default() };
    let settings = Settings { start, quotas, calls_kept: Some(100), ..Settings::default() };
    let world = World::new(settings);
    for number in 0..count {
        stock::ask(
            &world,
            start,
            &format!(
                "Action=CreateReplicationGroup&ReplicationGroupId=orders-{number}&ReplicationGroupDescription=sized&CacheNodeType=cache.m7g.large&{shape}&Tags.Tag.1.Key=cachewarden%3Aautoscale&Tags.Tag.1.Value=full"
            ),
        )?;
    }
    world.advance(stock::now());
    Ok(world)
}
