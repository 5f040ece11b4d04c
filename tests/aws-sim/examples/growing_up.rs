//! A scenario, scripted: a node type change that AWS accepts and then rolls back, telling nobody but its events.

use aws_sim::{Request, Settings, World};
use jiff::{SignedDuration, Timestamp};

fn main() {
    let settings = Settings::default();
    let mut now = settings.start;
    let world = World::new(settings);
    ask(
        &world,
        now,
        "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=2",
    );
    now += SignedDuration::from_mins(10);

    world.with(|state| state.faults.rollbacks = 1);
    ask(
        &world,
        now,
        "Action=ModifyReplicationGroup&ReplicationGroupId=orders&CacheNodeType=cache.t4g.small&ApplyImmediately=true",
    );
    for _ in 0..5 {
        let look = ask(&world, now, "Action=DescribeReplicationGroups&ReplicationGroupId=orders");
        tell(&format!("{now}  {}  {}", inner(&look, "Status"), inner(&look, "CacheNodeType")));
        now += SignedDuration::from_mins(5);
    }
    let events = ask(&world, now, "Action=DescribeEvents&SourceType=replication-group&Duration=60");
    for event in events.split("<Event>").skip(1) {
        tell(&format!("event: {}", inner(event, "Message")));
    }
    tell(&format!("{} calls were made", world.with(|state| state.calls.len())));
}

/// One call, signed as far as the simulator looks: by the name of the service.
fn ask(world: &World, now: Timestamp, form: &str) -> String {
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request";
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![("authorization".to_owned(), scope.to_owned())],
        body: form.as_bytes().to_vec(),
    };
    world.call(now, &request).text()
}

fn inner(xml: &str, name: &str) -> String {
    let after = xml.split(&format!("<{name}>")).nth(1).unwrap_or_default();
    after.split("</").next().unwrap_or_default().to_owned()
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn tell(line: &str) {
    println!("{line}");
}
