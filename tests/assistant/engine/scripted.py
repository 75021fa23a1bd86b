"""A model that says what a test wrote down, and tools that do what a test says."""

from collections.abc import Callable, Iterator, Sequence

from skywright.assistant.engine.model import Piece, Turn, Wanted
from skywright.assistant.messages import ToolCall, ToolResult, ToolRun
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec


class Scripted:
    """Gives the next step each time it is asked; a step may be an error, or a function."""

    name = "scripted"

    def __init__(self, *steps):
        self.steps = list(steps)
        self.asked: list[tuple[Turn, ...]] = []
        self.offered: list[int] = []

    def respond(self, history: Sequence[Turn], tools: Sequence[ToolSpec]) -> Iterator[Piece]:
        self.asked.append(tuple(history))
        self.offered.append(len(tools))
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        yield from (step(history) if callable(step) else step)


class Bench:
    """Tools by name, each a function of the arguments and the desk."""

    def __init__(self, **tools: Callable[[dict, Desk], ToolResult]):
        self.tools = tools
        self.ran: list[ToolCall] = []

    def names(self):
        return tuple(self.tools)

    def specs(self):
        return [ToolSpec(name, name, name, {"type": "object"}) for name in self.tools]

    def run(self, call: ToolCall, desk: Desk) -> ToolRun:
        self.ran.append(call)
        return ToolRun(call=call, result=self.tools[call.tool](call.arguments, desk))


def wanted(tool: str, **arguments) -> Wanted:
    return Wanted(ToolCall(id="as the model likes", tool=tool, arguments=arguments))
