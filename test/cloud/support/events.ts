/** One line of Pulumi's event log, as far as the suite reads it. */
interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
  readonly resOutputsEvent?: { readonly metadata: Step };
  readonly diagnosticEvent?: { readonly message: string; readonly severity: string };
}

interface Step {
  readonly op: string;
  readonly urn: string;
}

/** What Pulumi meant to do, or did. */
export interface Phase {
  /** "update SharedFiles web-files", sorted; a resource that stays as it is has none. */
  readonly steps: readonly string[];
  /** What it told the person, line by line. */
  readonly said: readonly string[];
}

/** Reads a command's event log: what a preview announces, or what another command has done. */
export function readPhase(log: string, command: string): Phase {
  const events = log
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EngineEvent);
  const kind = command === "preview" ? "resourcePreEvent" : "resOutputsEvent";
  const steps = events.flatMap((event) => {
    const step = event[kind]?.metadata;
    return step === undefined || unchanged.includes(step.op) || step.urn.includes(internal)
      ? []
      : [`${step.op} ${nameOf(step.urn)}`];
  });
  const said = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent === undefined || diagnosticEvent.severity === "debug"
      ? []
      : diagnosticEvent.message.trim().split("\n"),
  );
  return { steps: steps.sort(), said };
}

const unchanged = ["same", "refresh", "read"];
const internal = "::pulumi:providers:";

/** urn:pulumi:stack::project::parents$type::name is "Type name". */
function nameOf(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.slice(type.lastIndexOf(":") + 1)} ${name}`;
}
