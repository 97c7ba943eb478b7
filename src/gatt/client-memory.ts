/** What the local server remembers of a bonded client from one connection to the next. Plain data, fit for JSON. */
export interface ClientRecord {
  /** Client Characteristic Configurations other than 0. Vol 3, Part G, 3.3.3.3. */
  readonly configurations: readonly ConfigurationRecord[];
  /** The first octet of Client Supported Features. Vol 3, Part G, 7.2. */
  readonly features: number;
  /** The Database Hash of the database that the client knows, as hex; absent when that is not known. */
  readonly databaseHash?: string;
}

/** What a bonded client has subscribed to. */
export interface ConfigurationRecord {
  /** Of the characteristic's value. */
  readonly handle: number;
  /** Of the characteristic: a handle may have got another meaning meanwhile. */
  readonly uuid: string;
  readonly bits: number;
}

/** Where the record of one bonded client is kept. The host has it with the bond. */
export interface ClientMemory {
  /** `undefined` for a client that has just bonded. */
  load(): ClientRecord | undefined;
  /** Called whenever something in it has changed; it may be written down later. */
  save(record: ClientRecord): void;
}
