"""Metrics of a cache, and alarms on them."""

from simulator import arn

MEMBER = [{"Name": "CacheClusterId", "Value": "orders-001"}]
ALARM = {
    "AlarmName": "orders-memory",
    "AlarmDescription": "memory of orders",
    "Namespace": "AWS/ElastiCache",
    "MetricName": "DatabaseMemoryUsagePercentage",
    "Dimensions": MEMBER,
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 80.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "missing",
    "ActionsEnabled": True,
    "AlarmActions": [arn("sns", "orders")],
    "OKActions": [arn("sns", "orders")],
}
BUSY = {name: ALARM[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData", "AlarmActions")}


def cpu(id, member):
    """A metric of a member, for math."""
    dimensions = [{"Name": "CacheClusterId", "Value": member}]
    metric = {"Namespace": "AWS/ElastiCache", "MetricName": "EngineCPUUtilization", "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum", "Unit": "Percent"}, "ReturnData": False}


BUSY |= {
    "AlarmName": "orders-busy",
    "Metrics": [
        {"Id": "busiest", "Expression": "MAX([m1, m2])", "Label": "the busiest node", "ReturnData": True},
        cpu("m1", "orders-001"),
        cpu("m2", "orders-002"),
    ],
}
NAME = {"AlarmNames": [ALARM["AlarmName"]]}


def tell(it):
    metrics(it)
    nodes(it)
    alarms(it)
    math(it)
    tags(it)
    history(it)
    troubles(it)
    it.call("DeleteAlarms", **NAME)


def metrics(it):
    own = {"Namespace": "Orders", "MetricName": "Depth"}
    data = [{"MetricName": "Depth", "Value": 7.25, "Unit": "Count", "Dimensions": [{"Name": "Queue", "Value": "a & b"}]}]
    it.call("PutMetricData", Namespace="Orders", MetricData=data)
    it.advance(60)
    it.call("PutMetricData", Namespace="Orders", MetricData=data)
    it.advance(300)
    it.call("ListMetrics")
    it.call("ListMetrics", Namespace="Orders")
    span = {"StartTime": "2026-01-01T12:00:00Z", "EndTime": "2026-01-01T13:00:00Z"}
    queue = [{"Name": "Queue", "Value": "a & b"}]
    it.call("GetMetricStatistics", **own, **span, Dimensions=queue, Period=60, Statistics=["Average", "Maximum", "SampleCount"])
    stat = {"Metric": {**own, "Dimensions": queue}, "Period": 60, "Stat": "Average"}
    it.call("GetMetricData", **span, MetricDataQueries=[{"Id": "depth", "MetricStat": stat, "Label": "how deep"}])
    it.call("GetMetricData", **span, MetricDataQueries=[{"Id": "depth", "MetricStat": stat}], ScanBy="TimestampAscending")
    one = {**span, "MetricDataQueries": [{"Id": "depth", "MetricStat": stat}], "MaxDatapoints": 1}
    page = it.call("GetMetricData", **one)
    it.call("GetMetricData", **one, NextToken=page["NextToken"])
    it.refused("InvalidNextToken", "GetMetricData", **one, NextToken="none")
    it.refused("ValidationError", "GetMetricData", **span, MetricDataQueries=[{"Id": "Depth", "MetricStat": stat}])
    it.refused("InvalidParameterValue", "GetMetricStatistics", **own, **span, Dimensions=queue, Period=7, Statistics=["Average"])


def nodes(it):
    """What a node reports by itself."""
    it.call("ListMetrics", Namespace="AWS/ElastiCache", MetricName="CPUCreditBalance", Dimensions=MEMBER)
    it.call("ListMetrics", Dimensions=[{"Name": "Queue"}], RecentlyActive="PT3H")
    it.refused("InvalidParameterValue", "ListMetrics", NextToken="none")


def alarms(it):
    it.call("PutMetricAlarm", **ALARM, Tags=[{"Key": "team", "Value": "orders"}])
    it.call("PutMetricAlarm", **{**ALARM, "AlarmName": "orders-cpu", "MetricName": "EngineCPUUtilization"})
    it.refused("ValidationError", "PutMetricAlarm", **{**ALARM, "DatapointsToAlarm": 4})
    it.call("DescribeAlarms")
    it.call("DescribeAlarms", **NAME)
    page = it.call("DescribeAlarms", AlarmNamePrefix="orders", MaxRecords=1)
    it.call("DescribeAlarms", AlarmNamePrefix="orders", MaxRecords=1, NextToken=page["NextToken"])
    it.refused("InvalidNextToken", "DescribeAlarms", NextToken="none")
    of = {"Namespace": ALARM["Namespace"], "MetricName": ALARM["MetricName"], "Dimensions": MEMBER}
    it.call("DescribeAlarmsForMetric", **of)
    state = {"AlarmName": ALARM["AlarmName"], "StateValue": "ALARM", "StateReason": "seen by a person", "StateReasonData": "{}"}
    it.call("SetAlarmState", **state)
    it.refused("ResourceNotFound", "SetAlarmState", **{**state, "AlarmName": "none"})
    it.call("DescribeAlarms", StateValue="ALARM")
    it.call("DisableAlarmActions", **NAME)
    it.call("EnableAlarmActions", **NAME)


def math(it):
    it.call("PutMetricAlarm", **BUSY)
    name = {"AlarmNames": [BUSY["AlarmName"]]}
    it.call("DescribeAlarms", **name)
    # Alarms on math are not found by the metrics that they use.
    of = {"Namespace": "AWS/ElastiCache", "MetricName": "EngineCPUUtilization", "Dimensions": MEMBER}
    it.call("DescribeAlarmsForMetric", **of)
    own = [
        {"Id": "depth", "MetricStat": {"Metric": {"Namespace": "Orders", "MetricName": "Depth"}, "Period": 60, "Stat": "p90"}, "ReturnData": False},
        {"Id": "twice", "Expression": "FILL(depth, 0) * 2", "ReturnData": False},
        {"Id": "all", "Expression": "twice + SUM(METRICS())", "Label": "all of it"},
    ]
    it.call("PutMetricAlarm", **{**BUSY, "AlarmName": "orders-depth", "Metrics": own})
    it.call("DescribeAlarms", AlarmNamePrefix="orders-depth")
    it.advance(300)
    it.call("SetAlarmState", AlarmName=BUSY["AlarmName"], StateValue="ALARM", StateReason="a drill")
    it.call("DescribeAlarms", **name)
    it.call("DescribeAlarmHistory", AlarmName=BUSY["AlarmName"])
    it.refused("ValidationError", "PutMetricAlarm", **BUSY, MetricName="EngineCPUUtilization")
    it.refused("ValidationError", "PutMetricAlarm", **{**BUSY, "Metrics": BUSY["Metrics"][1:]})
    for text in ("MAX([m1, m3])", "SEARCH('{AWS/ElastiCache,CacheClusterId} CPU', 'Average', 60)", "RATE(m1)", "MAX([m1"):
        spoilt = [{**BUSY["Metrics"][0], "Expression": text}, *BUSY["Metrics"][1:]]
        it.refused("ValidationError", "PutMetricAlarm", **{**BUSY, "Metrics": spoilt})
    it.call("DeleteAlarms", AlarmNames=["orders-busy", "orders-depth"])


def tags(it):
    alarm = {"ResourceARN": arn("cloudwatch", f"alarm:{ALARM['AlarmName']}")}
    it.call("TagResource", **alarm, Tags=[{"Key": "owner", "Value": "héllo"}])
    it.call("ListTagsForResource", **alarm)
    it.call("UntagResource", **alarm, TagKeys=["owner"])
    it.refused("ResourceNotFoundException", "ListTagsForResource", ResourceARN=arn("cloudwatch", "alarm:none"))


def history(it):
    it.advance(600)
    it.call("DescribeAlarmHistory")
    it.call("DescribeAlarmHistory", AlarmName=ALARM["AlarmName"], HistoryItemType="StateUpdate")
    first = {"AlarmName": ALARM["AlarmName"], "ScanBy": "TimestampAscending", "MaxRecords": 2}
    page = it.call("DescribeAlarmHistory", **first)
    it.call("DescribeAlarmHistory", **first, NextToken=page["NextToken"])
    it.refused("InvalidNextToken", "DescribeAlarmHistory", NextToken="none")


def troubles(it):
    for fault, code in (
        ("throttled", "ThrottlingException"),
        ("denied", "AccessDeniedException"),
        ("unavailable", "ServiceUnavailableException"),
    ):
        it.befall("DescribeAlarms", fault)
        it.refused(code, "DescribeAlarms")


def tell_badly(it):
    """What a client would not send."""
    it.refused("MissingParameter", "GetMetricStatistics", Namespace="Orders")
    it.refused("ValidationError", "PutMetricAlarm", **{**ALARM, "EvaluationPeriods": 0})
