"""What our own template states for its cache, worked out as CloudFormation would."""

import pathlib
import unittest

from template import Template, Unresolved

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/0a1b"
BODY = (pathlib.Path(__file__).parent.parent / "template.yaml").read_text(encoding="utf-8")


def stated(body=BODY, parameters=None, physical_ids=None, resource="Cache"):
    template = Template(body, parameters or {}, STACK, physical_ids or {})
    return template.properties(resource)


def parameters(**over):
    names = Template(BODY, {}, STACK, {}).template["Parameters"]
    return {name: str(it.get("Default", "")) for name, it in names.items()} | over


class OurTemplate(unittest.TestCase):
    def test_a_parameter_becomes_a_property(self):
        ids = {"Provision": "orders-provision", "CacheSecurityGroup": "sg-0a"}
        given = parameters(RedisNodeType="cache.m7g.large", PrivateSubnetIds="subnet-0a, subnet-0b")
        cache = stated(parameters=given, physical_ids=ids)
        self.assertEqual(cache["RedisNodeType"], "cache.m7g.large")
        self.assertEqual(cache["ServiceToken"], "orders-provision")
        self.assertEqual(cache["PrivateSubnetIds"], ["subnet-0a", "subnet-0b"])
        self.assertEqual(cache["SecurityGroupIds"], ["sg-0a"])
        self.assertNotIn("UpstashSecretArn", cache)


class AnyTemplate(unittest.TestCase):
    def test_functions_are_worked_out(self):
        body = {
            "Conditions": {"Large": {"Fn::And": [{"Fn::Equals": [{"Ref": "Size"}, "l"]}, {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}]}},
            "Resources": {
                "Cache": {
                    "Properties": {
                        "Size": {"Fn::If": ["Large", "cache.m7g.large", {"Ref": "AWS::NoValue"}]},
                        "Name": {"Fn::Sub": "${AWS::StackName}-${Size}-${!kept}"},
                        "Zone": {"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]},
                        "All": {"Fn::Join": ["+", [{"Ref": "Size"}, "x"]]},
                    }
                }
            },
        }
        self.assertEqual(
            stated(body, {"Size": "l"}),
            {"Size": "cache.m7g.large", "Name": "orders-l-${kept}", "Zone": "b", "All": "l+x"},
        )
        self.assertNotIn("Size", stated(body, {"Size": "s"}))

    def test_what_is_not_understood_is_told_with_its_place(self):
        body = {"Resources": {"Cache": {"Properties": {"Tags": {"team": {"Fn::ImportValue": "x"}}}}}}
        with self.assertRaisesRegex(Unresolved, r"Cache\.Tags\.team uses Fn::ImportValue"):
            stated(body)
        with self.assertRaisesRegex(Unresolved, "no resource Cash"):
            stated(body, resource="Cash")


if __name__ == "__main__":
    unittest.main()
