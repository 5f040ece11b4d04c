"""Starts MiniStack, with what it lacks and CloudFormation has.

MiniStack 1.5.33 resolves Ref and Fn::Select in a template's conditions, but not Fn::Join and Fn::Split, which CloudFormation does.
template.yaml needs them to know how many security groups it was given. So the functions of a condition are resolved here, with
MiniStack's own code for them, before it evaluates the condition.

What else differs from AWS is bridged elsewhere: services that MiniStack models too thinly are those of aws-sim (see cloud.py).
"""

import copy
import sys

from ministack import app
from ministack.services.cloudformation import engine

VALUE_FUNCTIONS = {"Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub"}


def resolve_functions(expression, parameters, mappings):
    """Replaces each function that gives a value, and leaves those that give true or false."""
    if isinstance(expression, list):
        return [resolve_functions(each, parameters, mappings) for each in expression]
    if not isinstance(expression, dict):
        return expression
    if VALUE_FUNCTIONS & expression.keys():
        return engine._resolve_refs(copy.deepcopy(expression), {}, parameters, {}, mappings, "", "")
    return {key: resolve_functions(each, parameters, mappings) for key, each in expression.items()}


def main():
    evaluate = engine._evaluate_conditions

    def evaluate_resolved(template, parameters):
        conditions = resolve_functions(template.get("Conditions", {}), parameters, template.get("Mappings", {}))
        return evaluate({**template, "Conditions": conditions}, parameters)

    users = [module for module in list(sys.modules.values()) if getattr(module, "_evaluate_conditions", None) is evaluate]
    for module in users:
        module._evaluate_conditions = evaluate_resolved
    app.main()


if __name__ == "__main__":
    main()
