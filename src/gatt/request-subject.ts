import { ErrorCode } from "../att/error-code.ts";
import type { Subject } from "./client-recovery.ts";
import type { StaleAttributeError } from "./error.ts";
import type { RemoteLink, RemoteValue } from "./remote-value.ts";

/** The subject of a request for several attributes at once: all of them must still be there. */
export function together(values: readonly RemoteValue[]): Subject {
  const staleness = (): StaleAttributeError | undefined => values.find((value) => value.staleness)?.staleness;
  return {
    about(handle) {
      const blamed = values.find((value) => value.handle === handle);
      return blamed?.label ?? `one of ${values.map(({ label }) => label).join(", ")}`;
    },
    get inDoubt() {
      return values.some(({ inDoubt }) => inDoubt);
    },
    settle(done) {
      const doubtful = values.find(({ standing }) => standing === "doubtful");
      if (!doubtful) {
        done(staleness());
        return;
      }
      doubtful.settle((outcome) => {
        done(outcome ?? staleness());
      });
    },
    suspects: (status) => values.some((value) => value.suspects(status)),
    confirm(status, done) {
      const suspected = values.find((value) => value.suspects(status));
      if (!suspected) {
        done(staleness());
        return;
      }
      suspected.confirm(status, (outcome) => {
        done(outcome ?? staleness());
      });
    },
  };
}

/** The subject of a request for whatever attributes the server has. */
export function anything(link: RemoteLink, label: string): Subject {
  return {
    about: () => label,
    inDoubt: false,
    settle(done) {
      done(undefined);
    },
    suspects: (status) => status === ErrorCode.DatabaseOutOfSync,
    confirm(status, done) {
      link.doubt(status, done);
    },
  };
}
