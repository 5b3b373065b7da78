import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { people } from '../api/queries';
import { signOut } from '../api/session';
import { useCommand } from '../api/useCommand';
import { useLostSince } from '../live/connection';
import { canNotify, isWished, wish } from '../notice/wish';
import { open } from '../shell/opened';
import { DENSITIES, THEMES, density, setDensity, setTheme, theme } from '../ui/appearance';

const ITEM =
  'flex h-8 cursor-default items-center justify-between gap-6 px-3 select-none outline-none data-highlighted:bg-hover pointer-coarse:h-11';

interface Props {
  shape: string;
  face: ReactNode;
  onSignedOut: () => void;
}

export function YourMenuItems({ shape, face, onSignedOut }: Props) {
  const { data: team = [] } = useQuery(people);
  const [chosenTheme, chooseTheme] = useState(theme);
  const [notified, setNotified] = useState(isWished);
  const [chosenDensity, chooseDensity] = useState(density);
  const isLost = useLostSince() !== null;
  const leave = useCommand({ run: () => signOut(), onDone: onSignedOut });
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className={shape}>{face}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="top" align="start" sideOffset={6} className="z-50 outline-none">
          <Menu.Popup className="min-w-48 rounded-md border border-line-strong bg-raised py-1 outline-none">
            {team.length > 1 && (
              <Menu.Item className={ITEM} onClick={() => open('person')}>
                Act for somebody else
              </Menu.Item>
            )}
            <Menu.RadioGroup
              value={chosenTheme}
              onValueChange={(value: (typeof THEMES)[number]) => {
                chooseTheme(value);
                setTheme(value);
              }}
            >
              <p className="px-3 pt-2 text-meta text-faint">Theme</p>
              {THEMES.map((each) => (
                <Choice key={each} value={each} />
              ))}
            </Menu.RadioGroup>
            <Menu.RadioGroup
              value={chosenDensity}
              onValueChange={(value: (typeof DENSITIES)[number]) => {
                chooseDensity(value);
                setDensity(value);
              }}
            >
              <p className="px-3 pt-2 text-meta text-faint">Density</p>
              {DENSITIES.map((each) => (
                <Choice key={each} value={each} />
              ))}
            </Menu.RadioGroup>
            {canNotify() && (
              <Menu.CheckboxItem
                className={ITEM}
                checked={notified}
                closeOnClick={false}
                onCheckedChange={(on: boolean) => void wish(on).then((done) => setNotified(done ? on : !on))}
              >
                <span>Notify me here</span>
                <Menu.CheckboxItemIndicator>
                  <span aria-hidden>✓</span>
                </Menu.CheckboxItemIndicator>
              </Menu.CheckboxItem>
            )}
            <Menu.Separator className="my-1 h-px bg-line" />
            <Menu.Item className={ITEM} onClick={() => open('sheet')}>
              Keys
            </Menu.Item>
            <Menu.Item className={`${ITEM} data-disabled:opacity-60`} disabled={isLost} onClick={() => leave.mutate()}>
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Choice({ value }: { value: string }) {
  return (
    <Menu.RadioItem value={value} closeOnClick={false} className={ITEM}>
      <span className="capitalize">{value}</span>
      <Menu.RadioItemIndicator>
        <span aria-hidden>✓</span>
      </Menu.RadioItemIndicator>
    </Menu.RadioItem>
  );
}
