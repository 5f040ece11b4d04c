"""What was covered, as a table."""

import dataclasses

import models


@dataclasses.dataclass
class Row:
    service: str
    calls: int
    offered: int
    operations: int
    sent: int
    members: int
    met: int
    documented: int

    @classmethod
    def of(cls, service, boto, offered, calls, met, documented):
        """Of the calls of the stories, the errors that they met by themselves, and the documented ones of the operations that are offered."""
        operations = [boto.model.operation_model(it) for it in offered]
        modelled = {it.name: models.members_of(it.output_shape) for it in operations}
        return cls(
            str(service),
            calls,
            len(offered),
            len(boto.model.operation_names),
            sum(len(boto.members.get(name, set()) & members) for name, members in modelled.items()),
            sum(len(it) for it in modelled.values()),
            len(met & documented),
            len(documented),
        )


def show(rows):
    print(f"{'service':<34}{'calls':>7}{'operations':>14}{'members':>14}{'errors':>12}")
    for it in rows:
        print(
            f"{it.service:<34}{it.calls:>7}{part(it.offered, it.operations):>14}"
            f"{part(it.sent, it.members):>14}{part(it.met, it.documented):>12}"
        )
    print("Operations: offered, of all that the service has. Members: sent, of those that the answers of these can have.")
    print("Errors: met by the stories, of the documented ones of these operations, each of which was raised as its own exception.")


def part(some, whole):
    return f"{some} of {whole}"
