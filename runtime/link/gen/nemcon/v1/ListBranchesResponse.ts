// Original file: proto/nemcon/v1/participant.proto

import type { BranchStatus as _nemcon_v1_BranchStatus, BranchStatus__Output as _nemcon_v1_BranchStatus__Output } from '../../nemcon/v1/BranchStatus.ts';

export interface ListBranchesResponse {
  'branches'?: (_nemcon_v1_BranchStatus)[];
}

export interface ListBranchesResponse__Output {
  'branches': (_nemcon_v1_BranchStatus__Output)[];
}
