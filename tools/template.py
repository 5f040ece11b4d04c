"""What a resource of a template states, once its references and conditions are worked out."""

import re

from awscli.customizations.cloudformation.yamlhelper import yaml_parse


class Unresolved(Exception):
    """Something in the template cannot be worked out here."""


# What a resource does not state: the property is as if it were not there.
ABSENT = object()


class Template:
    """A template with the parameters and resources of its stack."""

    def __init__(self, body, parameters, stack_id, physical_ids):
        self.template = body if isinstance(body, dict) else yaml_parse(body)
        declared = self.template.get("Parameters", {})
        self.parameters = {name: _typed(value, declared.get(name, {})) for name, value in parameters.items()}
        _, _, _, region, account, name = stack_id.split(":", 5)
        self.pseudo = {
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::StackId": stack_id,
            "AWS::StackName": name.split("/")[1],
            "AWS::Partition": stack_id.split(":")[1],
            "AWS::NoValue": ABSENT,
        }
        self.physical_ids = physical_ids

    def properties(self, resource):
        """The properties of a resource. What cannot be worked out is told."""
        found = self.template.get("Resources", {}).get(resource)
        if found is None:
            raise Unresolved(f"the template has no resource {resource}")
        return self._value(found.get("Properties", {}), resource)

    def _value(self, node, at):
        if isinstance(node, list):
            items = [self._value(it, at) for it in node]
            return [it for it in items if it is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._intrinsic(name, argument, at)
        items = {key: self._value(it, f"{at}.{key}") for key, it in node.items()}
        return {key: it for key, it in items.items() if it is not ABSENT}

    def _intrinsic(self, name, argument, at):
        match name:
            case "Ref":
                return self._ref(argument, at)
            case "Condition":
                return self._condition(argument, at)
            case "Fn::GetAtt":
                return self._attribute(argument, at)
            case "Fn::If":
                condition, yes, no = argument
                return self._value(yes if self._condition(condition, at) else no, at)
            case "Fn::Sub":
                return self._sub(argument, at)
            case "Fn::Join":
                separator, items = argument
                return separator.join(self._value(items, at))
            case "Fn::Split":
                separator, text = argument
                return self._value(text, at).split(separator)
            case "Fn::Select":
                index, items = argument
                return self._value(items, at)[int(index)]
            case "Fn::Equals":
                left, right = (self._value(it, at) for it in argument)
                return left == right
            case "Fn::Not":
                return not self._value(argument[0], at)
            case "Fn::And":
                return all(self._value(it, at) for it in argument)
            case "Fn::Or":
                return any(self._value(it, at) for it in argument)
        raise Unresolved(f"{at} uses {name}, which is not understood here")

    def _ref(self, name, at):
        for known in (self.parameters, self.pseudo, self.physical_ids):
            if name in known:
                return known[name]
        raise Unresolved(f"{at} refers to {name}, which the stack does not have")

    def _condition(self, name, at):
        conditions = self.template.get("Conditions", {})
        if name not in conditions:
            raise Unresolved(f"{at} asks for the condition {name}, which the template does not have")
        return self._value(conditions[name], at)

    def _attribute(self, argument, at):
        resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        physical_id = self.physical_ids.get(resource)
        # These attributes are what a reference to the resource gives, or name it as well.
        if physical_id is None or attribute not in ("Arn", "GroupId", "Id"):
            raise Unresolved(f"{at} takes {resource}.{attribute}, which is not known here")
        return physical_id

    def _sub(self, argument, at):
        text, given = argument if isinstance(argument, list) else (argument, {})

        def value(found):
            name = found.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in given:
                return str(self._value(given[name], at))
            return str(self._attribute(name, at) if "." in name else self._ref(name, at))

        return re.sub(r"\$\{([^}]+)\}", value, text)


def _typed(value, declaration):
    """A parameter that is a list arrives with commas between its items."""
    kind = declaration.get("Type", "String")
    if kind == "CommaDelimitedList" or kind.startswith(("List<", "AWS::SSM::Parameter::Value<List<")):
        return [it.strip() for it in value.split(",") if it.strip()]
    return value
