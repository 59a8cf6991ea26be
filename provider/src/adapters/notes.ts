import type { Props } from "../lifecycle/define-resource.ts";
import { hasUnknown } from "../validation/unknown.ts";

/** What diffs say to the person who waits, each sentence once. */
export interface Notes {
  /** These inputs were checked: a diff with them is about what the program says. */
  expect(inputs: Props): void;
  /** `id` says which resource; `inputs` are those that were compared. */
  tell(id: string, inputs: Props, notes: readonly string[]): void;
}

interface Said {
  readonly sentences: Set<string>;
  /** What was checked, where not all of it is known yet. */
  readonly checked: Set<string>;
}

const saidBy = new WeakMap<(line: string) => void, Said>();

/**
 * The engine asks for more diffs than there are previews of a resource: after a refresh, which finds the same drift, and with
 * former inputs in which what depends on another resource is not known, to find out the order of replacements. A process serves one
 * run of the engine, so what was said in it is not said again, and what is not known is told only of inputs that a program gave.
 */
export function notesOf(log: (line: string) => void): Notes {
  const said = saidBy.get(log) ?? { sentences: new Set(), checked: new Set() };
  saidBy.set(log, said);
  return {
    expect(inputs) {
      if (hasUnknown(inputs)) said.checked.add(canonical(inputs));
    },
    tell(id, inputs, notes) {
      if (hasUnknown(inputs) && !said.checked.has(canonical(inputs))) return;
      for (const note of notes) {
        const sentence = `${id}: ${note}`;
        if (!said.sentences.has(sentence)) log(sentence);
        said.sentences.add(sentence);
      }
    },
  };
}

/** The same text for the same values, whatever the order of their fields; the engine has an order of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, field]) => field !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : inner,
  );
}
