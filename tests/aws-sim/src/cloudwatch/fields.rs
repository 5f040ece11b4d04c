//! The fields of a request.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Metric, invalid};
use crate::Refusal;
use crate::wire::schema::Schema;

fn missing(name: &str) -> Refusal {
    Refusal::new(400, "MissingParameter", format!("The parameter {name} is required."))
}

/// The longest period, a week, in seconds.
pub(super) const PERIOD_MAX: i64 = 604_800;

/// Whether something may be the id of a metric or an expression.
pub(super) fn is_id(text: &str) -> bool {
    let lower = text.starts_with(|it: char| it.is_ascii_lowercase());
    let legal = text.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    lower && legal && text.len() <= 255
}

/// The refusal of a token that no page ended with.
pub(super) fn bad_token() -> Refusal {
    Refusal::new(400, "InvalidNextToken", "The token is none that was given out here.")
}

/// Fields, typed when they are asked for.
pub(super) struct Fields(Value);

/// `Value` is a text in a dimension or a tag and a number in a sample, and times are numbers in JSON and CBOR alike.
const SCHEMA: Schema = Schema {
    texts: &[
        "AccountId",
        "ActionPrefix",
        "AlarmDescription",
        "AlarmName",
        "AlarmNamePrefix",
        "ChildrenOfAlarmName",
        "ComparisonOperator",
        "EvaluateLowSampleCountPercentile",
        "Expression",
        "ExtendedStatistic",
        "HistoryItemType",
        "Id",
        "Key",
        "Label",
        "MetricName",
        "Name",
        "Namespace",
        "NextToken",
        "ParentsOfAlarmName",
        "RecentlyActive",
        "ResourceARN",
        "ScanBy",
        "Stat",
        "StateReason",
        "StateReasonData",
        "StateValue",
        "Statistic",
        "ThresholdMetricId",
        "TreatMissingData",
        "Unit",
    ],
    numbers: &[
        "DatapointsToAlarm",
        "EndDate",
        "EndTime",
        "EvaluationPeriods",
        "MaxDatapoints",
        "MaxRecords",
        "Period",
        "StartDate",
        "StartTime",
        "StorageResolution",
        "Threshold",
        "Timestamp",
    ],
    flags: &["ActionsEnabled", "ReturnData"],
    text_lists: &[
        "AlarmActions",
        "AlarmNames",
        "AlarmTypes",
        "ExtendedStatistics",
        "InsufficientDataActions",
        "OKActions",
        "Statistics",
        "TagKeys",
    ],
    structures: &["Metric", "MetricStat", "StatisticValues"],
    structure_lists: &["Dimensions", "MetricData", "MetricDataQueries", "Metrics", "Tags"],
};

impl Fields {
    /// Those of a request, where they are of their types.
    pub(super) fn of_request(value: Value) -> Result<Self, Refusal> {
        SCHEMA.check(&value)?;
        Ok(Self(value))
    }

    /// Those of a structure within.
    pub(super) fn new(value: Value) -> Self {
        Self(value)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).filter(|it| !it.is_empty()).ok_or_else(|| missing(name))
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(Value::as_f64)
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.value(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    pub(super) fn structures(&self, name: &str) -> Vec<Self> {
        let list = self.value(name).and_then(Value::as_array);
        list.into_iter().flatten().cloned().map(Self).collect()
    }

    /// A time: seconds since the epoch.
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond 64 bits is no time")]
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(seconds) = self.number(name) else { return Ok(None) };
        let at = Timestamp::from_millisecond((seconds * 1000.0) as i64);
        at.map(Some).map_err(|_| invalid(format!("{seconds} is not a time for {name}")))
    }

    pub(super) fn required_time(&self, name: &str) -> Result<Timestamp, Refusal> {
        self.time(name)?.ok_or_else(|| missing(name))
    }

    /// Of a list, as much as was asked for at once, and the token for more.
    pub(super) fn page<T>(&self, all: Vec<T>) -> Result<(Vec<T>, Option<String>), Refusal> {
        let most = self.whole("MaxRecords").unwrap_or(50);
        let most = usize::try_from(most).ok().filter(|it| (1..=100).contains(it));
        let most = most.ok_or_else(|| invalid("MaxRecords must be from 1 to 100"))?;
        let from = self.text("NextToken").map_or(Ok(0), str::parse::<usize>);
        let from = from.map_err(|_| bad_token())?;
        let until = from.saturating_add(most);
        let more = (until < all.len()).then(|| until.to_string());
        Ok((all.into_iter().skip(from).take(most).collect(), more))
    }

    /// Whether metric alarms are among the types that were asked for.
    pub(super) fn wants_metric_alarms(&self) -> bool {
        let types = self.texts("AlarmTypes");
        types.is_empty() || types.iter().any(|it| it == "MetricAlarm")
    }

    /// The length of a period: 10, 30 or a multiple of 60 seconds.
    pub(super) fn period(&self) -> Result<SignedDuration, Refusal> {
        let seconds = self.whole("Period").unwrap_or(60);
        let legal = seconds == 10 || seconds == 30 || (0 < seconds && seconds % 60 == 0);
        if !legal || PERIOD_MAX < seconds {
            let text = "Period must be 10, 30 or a multiple of 60, and a week at most";
            return Err(invalid(text));
        }
        Ok(SignedDuration::from_secs(seconds))
    }

    /// A metric by its three names.
    pub(super) fn metric(&self) -> Result<Metric, Refusal> {
        Ok(Metric {
            namespace: self.required("Namespace")?.to_owned(),
            name: self.required("MetricName")?.to_owned(),
            dimensions: self.dimensions()?,
        })
    }

    pub(super) fn dimensions(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let mut dimensions = BTreeMap::new();
        for each in self.structures("Dimensions") {
            let (name, value) = (each.required("Name")?, each.required("Value")?);
            if dimensions.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(invalid(format!("the dimension {name} is given twice")));
            }
        }
        Ok(dimensions)
    }
}
