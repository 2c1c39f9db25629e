// A path that really loses packets, by nftables, in a private network namespace (rerun.ts).
import { execFileSync, spawnSync } from 'node:child_process';

/** Why no packets can be lost here, or undefined. */
export function lossMissing(): string | undefined {
  return spawnSync('nft', ['--version']).status === 0 ? undefined : 'nft is not installed (nftables)';
}

function nft(rules: string): void {
  execFileSync('nft', ['-f', '-'], { input: rules });
}

/** Loses so many of a hundred packets that come from an address. 0 mends the path. */
export function loseFrom(address: string, percent: number): void {
  const rule = percent === 0 ? '' : `ip saddr ${address} numgen random mod 100 < ${percent} drop`;
  nft(`table ip lossy
    delete table ip lossy
    table ip lossy {
      chain arriving {
        type filter hook input priority 0
        ${rule}
      }
    }
  `);
}
