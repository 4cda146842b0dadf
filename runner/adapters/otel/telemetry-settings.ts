/** Where telemetry goes, and under which name. */
export interface TelemetrySettings {
  /** Of the collector, without `/v1/…`. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  serviceName: string;
  instance: string;
  /** Share of traces, 0 to 1. */
  traceRatio: number;
}

export const signalUrl = ({ endpoint }: TelemetrySettings, signal: 'traces' | 'metrics'): string => `${endpoint.replace(/\/+$/, '')}/v1/${signal}`;
