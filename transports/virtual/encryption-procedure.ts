import { equal, noOctets } from "../../src/common/bytes.ts";
import type { Random } from "../../src/common/random.ts";
import {
  EncryptionChange,
  EncryptionChangeV2,
  EncryptionKeyRefreshComplete,
} from "../../src/hci/events/link.ts";
import { LeLongTermKeyRequest } from "../../src/hci/events/le-security.ts";
import { Status } from "../../src/hci/status.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { type KeyShare, type SessionKey, sessionKey } from "./link-cipher.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";
import { reject } from "./request.ts";

/** With what a host encrypts a link. */
export interface EncryptionStart {
  /** 8 octets. */
  readonly randomNumber: Uint8Array;
  readonly encryptedDiversifier: number;
  /** 16 octets, least significant first. */
  readonly longTermKey: Uint8Array;
}

/** As a controller encrypts with keys of this size only, it can say so. In octets. */
const keySize = 16;

/** Encryption Start procedure, behind Encryption Pause if the link is encrypted. Vol 6, Part B, 5.1.3. */
export function startEncryption(central: LinkEnd, start: EncryptionStart): void {
  central.encryption.starting = true;
  central.procedures.run((done) => {
    const run = new EncryptionRun(central, start, done);
    if (central.encryption.enabled) run.pause();
    else run.request();
  });
}

/** One run of the procedure, of which both ends know. */
class EncryptionRun {
  readonly #central: LinkEnd;
  readonly #peripheral: LinkEnd;
  readonly #start: EncryptionStart;
  readonly #isRefresh: boolean;
  /** The end of the procedure for the central, and for the peripheral, once it has begun there. */
  readonly #over: (() => void)[];

  constructor(central: LinkEnd, start: EncryptionStart, done: () => void) {
    this.#central = central;
    this.#peripheral = central.peer;
    this.#start = start;
    this.#isRefresh = central.encryption.enabled;
    this.#over = [done];
  }

  /** The link is encrypted: it has to be plain again before there can be another key. Vol 6, Part B, 5.1.3.2. */
  pause(): void {
    const [central, peripheral] = [this.#central, this.#peripheral];
    central.paused = true;
    central.control(llControl(LlOpcode.PauseEncReq), () => {
      this.#withPeripheral(() => {
        peripheral.encryption.encryptReception(false);
        peripheral.control(llControl(LlOpcode.PauseEncRsp), () => {
          central.encryption.encryptTransmission(false);
          central.encryption.encryptReception(false);
          central.control(llControl(LlOpcode.PauseEncRsp), () => {
            peripheral.encryption.encryptTransmission(false);
          });
          this.request();
        });
      });
    });
  }

  /** The central tells which key it means, and its share of the session key. Vol 6, Part B, 5.1.3.1. */
  request(): void {
    const central = this.#central;
    const { randomNumber, encryptedDiversifier } = this.#start;
    const share = keyShare(central.link.medium.random);
    central.paused = true;
    const { diversifier, vector } = share;
    const pdu = llControl(LlOpcode.EncReq, randomNumber, u16s(encryptedDiversifier), diversifier, vector);
    central.control(pdu, () => {
      if (this.#isRefresh) this.#respond(share);
      else {
        this.#withPeripheral(() => {
          this.#respond(share);
        });
      }
    });
  }

  /** What the peripheral has begun itself is over first; until encryption has started it begins nothing more. */
  #withPeripheral(then: () => void): void {
    this.#peripheral.procedures.run((done) => {
      this.#over.push(done);
      this.#peripheral.paused = true;
      then();
    });
  }

  #respond(centralShare: KeyShare): void {
    const [central, peripheral] = [this.#central, this.#peripheral];
    if (!hasFeature(peripheral.chip.features, LeFeature.Encryption)) {
      this.#reject(Status.UnsupportedRemoteFeature);
      return;
    }
    const share = keyShare(peripheral.link.medium.random);
    const { longTermKey } = this.#start;
    peripheral.control(llControl(LlOpcode.EncRsp, share.diversifier, share.vector), () => {
      central.encryption.session = sessionKey(longTermKey, centralShare, share);
    });
    this.#askHost((key) => {
      peripheral.encryption.session = sessionKey(key, centralShare, share);
      this.#begin();
    });
  }

  /** A host that does not want to be asked has no key. Vol 6, Part B, 5.1.3.1. */
  #askHost(then: (longTermKey: Uint8Array) => void): void {
    const { chip, handle, encryption } = this.#peripheral;
    if (!chip.hci.wants(LeLongTermKeyRequest)) {
      this.#reject(Status.PinOrKeyMissing);
      return;
    }
    encryption.request = {
      reply: then,
      refuse: () => {
        this.#reject(Status.PinOrKeyMissing);
      },
    };
    const { randomNumber, encryptedDiversifier } = this.#start;
    chip.hci.event(LeLongTermKeyRequest, { connectionHandle: handle, randomNumber, encryptedDiversifier });
  }

  /** The three-way handshake: the last two of its packets are encrypted. Vol 6, Part B, 5.1.3.1. */
  #begin(): void {
    const [central, peripheral] = [this.#central, this.#peripheral];
    peripheral.encryption.encryptReception(true);
    peripheral.control(llControl(LlOpcode.StartEncReq), () => {
      central.encryption.encryptReception(true);
      central.encryption.encryptTransmission(true);
      central.control(llControl(LlOpcode.StartEncRsp), () => {
        // Where packets are not really encrypted, this one would be the first whose check fails.
        if (!sameKey(central.encryption.session, peripheral.encryption.session)) {
          peripheral.lose(Status.ConnectionTerminatedDueToMicFailure);
          return;
        }
        peripheral.encryption.encryptTransmission(true);
        this.#tell(peripheral, Status.Success);
        peripheral.control(llControl(LlOpcode.StartEncRsp), () => {
          this.#tell(central, Status.Success);
          this.#end(central);
        });
        this.#end(peripheral);
      });
    });
  }

  /** The link stays as it was, but not if it was encrypted. Vol 6, Part B, 5.1.3.1. */
  #reject(error: Status): void {
    const [central, peripheral] = [this.#central, this.#peripheral];
    if (this.#isRefresh) {
      peripheral.terminate(error);
      return;
    }
    reject(peripheral, LlOpcode.EncReq, error, () => {
      this.#tell(central, error);
      this.#end(central);
    });
    this.#end(peripheral);
  }

  #tell({ chip, handle, encryption }: LinkEnd, status: Status): void {
    if (status === Status.Success) encryption.enabled = true;
    const told = { status, connectionHandle: handle };
    const encryptionEnabled = Number(encryption.enabled);
    if (this.#isRefresh) chip.hci.event(EncryptionKeyRefreshComplete, told);
    else if (chip.hci.wants(EncryptionChangeV2)) {
      const encryptionKeySize = encryption.enabled ? keySize : 0;
      chip.hci.event(EncryptionChangeV2, { ...told, encryptionEnabled, encryptionKeySize });
    } else chip.hci.event(EncryptionChange, { ...told, encryptionEnabled });
  }

  #end(end: LinkEnd): void {
    end.encryption.starting = false;
    end.paused = false;
    this.#over[end.role]?.();
  }
}

function keyShare(random: Random): KeyShare {
  return { diversifier: random.bytes(8), vector: random.bytes(4) };
}

function sameKey(one: SessionKey | undefined, other: SessionKey | undefined): boolean {
  return equal(one?.key ?? noOctets, other?.key ?? noOctets);
}
