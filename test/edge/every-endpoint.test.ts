import { endpointList } from '../../shared/http/endpoints.ts';
import { refusesWhatEveryEndpointRefuses } from './battery.ts';

for (const endpoint of endpointList) refusesWhatEveryEndpointRefuses(endpoint);
