/** The part of an OpenAPI document that the page shows. */
export interface JsonSchema {
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
}

type Content = Record<string, { schema: JsonSchema; example?: unknown }>;

export interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required: boolean; description?: string; schema?: JsonSchema; example?: string }[];
  /** Empty: needs no credential. */
  security?: unknown[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

export interface ApiDocument {
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: { Error: { 'x-codes': Record<string, number> } } };
}
