/** How a process logs: Certwright's own flags, or the peer's `--logging-format` and `-v`. */
import type { loggingRows } from '../configuration/shared-rows.ts';
import type { Settings } from '../configuration/settings.ts';
import { logFormats, logLevels, type LogFormat, type LogLevel } from '../log.ts';
import { oneOf } from '../option-values.ts';

export interface LogSettings {
  format: LogFormat;
  level: LogLevel;
}

/** From here on klog's verbosity tells of single steps, which is what our debug level does. */
const debugVerbosity = 4;

type LoggingSettings = Settings<typeof loggingRows>;

/**
 * JSON unless text is asked for: logs of a service are read by programs first. What a person runs by hand says `unsaid`.
 * @throws UsageError
 */
export function readLogSettings(
  settings: Pick<LoggingSettings, 'values' | 'isGiven' | 'nameOf'>,
  unsaid: LogFormat = 'json',
): LogSettings {
  const { values, nameOf } = settings;
  const format = values['log-format'] === '' ? 'logging-format' : 'log-format';
  const level = values['log-level'];
  const isUnsaid = format === 'logging-format' && !settings.isGiven('logging-format');
  return {
    format: isUnsaid ? unsaid : oneOf(nameOf(format), values[format], logFormats),
    level:
      level === ''
        ? values.v >= debugVerbosity
          ? 'debug'
          : 'info'
        : oneOf(nameOf('log-level'), level, logLevels),
  };
}
