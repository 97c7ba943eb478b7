/** The command line says something that no command understands. The message is for the person who typed it. */
export class UsageError extends Error {}
