import { z } from 'zod';

/** `name=value,…`, values percent-encoded (OpenTelemetry's specification of the OTLP exporter). */
const headers = z.string().transform((text, ctx): Record<string, string> => {
  try {
    const pairs = text.split(',').filter((pair) => pair.trim() !== '');
    return Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        if (at < 1) throw new Error('no name');
        return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
      }),
    );
  } catch {
    ctx.addIssue({ code: 'custom', message: 'must be name=value,name=value' });
    return z.NEVER;
  }
});

/** The standard's own names, so that a platform's settings for collectors work here as everywhere. */
export const telemetryVariables = {
  /** Of a collector that takes OTLP over HTTP; unset: nothing is sent. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headers.optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('nexus-runner'),
  /** Share of traces that are sent, 0 to 1: whole ones, by their id. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number<string>().min(0).max(1).default(1),
};
