import { describe, expect, it } from "vitest";
import { summarizeTrace } from "../../../tools/src/bench/trace-summary.ts";

describe("the provider's trace", () => {
  it("is counted: round trips over all hosts, connections per host", () => {
    const text = `{"at":"2030-01-01T00:00:00.000Z","event":"dial","host":"node1","ms":80,"ok":true}
{"at":"2030-01-01T00:00:00.100Z","event":"dial","host":"node2","ms":80,"ok":false}
{"at":"2030-01-01T00:00:00.200Z","event":"dial","host":"node2","ms":80,"ok":true}
{"at":"2030-01-01T00:00:01.000Z","event":"request","host":"node1","ms":250,"steps":3,"bytes":10,"ok":true}
{"at":"2030-01-01T00:00:02.000Z","event":"request","host":"node2","ms":1000,"steps":1,"bytes":10,"ok":false}
`;
    expect(summarizeTrace(text)).toEqual({
      roundTrips: 2,
      dials: new Map([
        ["node1", 1],
        ["node2", 2],
      ]),
      requestSeconds: 1.25,
    });
  });

  it("may be empty", () => {
    expect(summarizeTrace("")).toEqual({ roundTrips: 0, dials: new Map(), requestSeconds: 0 });
  });
});
