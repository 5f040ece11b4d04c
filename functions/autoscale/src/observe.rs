//! What is looked at: the group always, the rest only where the decision turns on it.

use domain::autoscale::{Load, LoadView, Loads, Question, Verdict, decide};
use domain::{GroupId, GroupStatus, GroupView, MemberId};
use jiff::Timestamp;
use platform::Fault;

use crate::App;
use crate::event::Subject;

/// Looks at a group, and answers what the decision asks for until it asks for nothing more. What was seen before a call failed is
/// in the view.
pub(crate) async fn look(
    app: &App,
    subject: &Subject,
    now: Timestamp,
    view: &mut LoadView,
) -> Result<(), Fault> {
    view.group = group(app, subject).await?;
    let catalog = app.catalog();
    for _ in 0..QUESTIONS_MAX {
        let Verdict::Ask(question) = decide(&catalog, view, now) else { break };
        // Without a group there is nothing to ask about.
        let Some(group) = view.group.clone() else { break };
        answer(app, &group, question, view, now).await?;
    }
    Ok(())
}

async fn group(app: &App, subject: &Subject) -> Result<Option<GroupView>, Fault> {
    let seen = match subject {
        Subject::Members(members) => app.elasticache.group_around(members).await?,
        Subject::Group(group) => app.elasticache.group(group).await?,
    };
    let Some(mut group) = seen else { return Ok(None) };
    // A busy group refuses to tell its tags (facts 1.2), so it is not asked: the plan asks the list.
    if group.status == GroupStatus::Available {
        group.tags = app.elasticache.tags(&group.arn).await?;
    }
    Ok(Some(group))
}

async fn answer(
    app: &App,
    group: &GroupView,
    question: Question,
    view: &mut LoadView,
    now: Timestamp,
) -> Result<(), Fault> {
    match question {
        Question::ListedTags => view.listed = Some(app.fleet.tags(&group.arn).await?),
        Question::Load => {
            let former = former(group);
            view.load = Some(app.metrics.loads(&group.member_ids, &former, now).await?);
        }
        Question::Parameters(name) => {
            view.parameters = Some(app.elasticache.own_parameters(&name).await?);
        }
        Question::AllowedTypes => {
            view.allowed = Some(app.elasticache.allowed_node_types(&group.id).await?);
        }
        Question::Registered => {
            view.registered = Some(app.targets.of(&group.id).await?);
        }
        Question::Events(since) => {
            view.events = Some(app.elasticache.events_since(&group.id, since).await?);
        }
        Question::Alarms(set) => {
            view.alarms = Some(app.alarms.upkeep(&set).await?);
        }
    }
    Ok(())
}

/// What a backtest goes through: the group, and its metrics over so many days; from when on, and how many minutes of them are told together.
pub(crate) async fn past(
    app: &App,
    group: &GroupId,
    days: i64,
    now: Timestamp,
) -> Result<(LoadView, Timestamp, u16), Fault> {
    let mut view =
        LoadView { group: app.elasticache.group_with_tags(group).await?, ..LoadView::default() };
    let readable = view.group.clone().filter(|it| it.member_ids.len() <= Load::NODES_MAX);
    let Some(group) = readable else { return Ok((view, now, 1)) };
    let parameters = async {
        let own = group.members.first().and_then(|it| it.parameter_group.clone());
        match own.filter(|it| !it.starts_with("default.")) {
            Some(name) => app.elasticache.own_parameters(&name).await.map(Some),
            None => Ok(None),
        }
    };
    let former = former(&group);
    let (parameters, read) =
        tokio::join!(parameters, app.metrics.days(&group.member_ids, &former, days, now));
    let (days, from, together) = read?;
    view.parameters = parameters?;
    view.load = Some(Loads { days, ..Loads::default() });
    Ok((view, from, together))
}

/// The numbers that a group may have had members by before, as ElastiCache names them (facts 1.5): what replicas took off the others at noon is not
/// told by those that there are at night.
fn former(group: &GroupView) -> Vec<MemberId> {
    let id = &group.id;
    let names = if group.cluster_enabled {
        group.shards.iter().map(|it| format!("{id}-{}", it.id)).collect()
    } else {
        vec![id.to_string()]
    };
    let numbered = |name: &String| {
        let ids = (1..=NUMBERS_MAX).map(|it| MemberId::parse(&format!("{name}-{it:03}")));
        ids.filter_map(Result::ok).collect::<Vec<_>>()
    };
    names.iter().flat_map(numbered).filter(|it| !group.member_ids.contains(it)).collect()
}

/// A group, and each shard, has a primary and five replicas at most (facts 4.4).
const NUMBERS_MAX: u32 = 6;

/// There are seven kinds of question, and an answered one is not asked again.
const QUESTIONS_MAX: usize = 8;
