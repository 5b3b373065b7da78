// What is configured and from where, who is in the team, and what this browser shows.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { signOut } from '../api/generated/team6';
import type { SettingItem } from '../api/generated/team6.schemas';
import { actFor } from '../api/person';
import { me, people } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Initials } from '../people/YourMenu';
import { Page } from '../shell/Page';
import { open } from '../shell/opened';
import { Button, buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { Select, Text } from '../ui/Field';
import { Part } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { Sure } from '../ui/Sure';
import { DENSITIES, THEMES, density, setDensity, setTheme, theme } from '../ui/appearance';
import { Writes } from '../wait/Writes';
import { Channels } from './Channels';
import { settings } from './queries';

const route = getRouteApi('/shell/settings');

export function SettingsPage() {
  return (
    <Page name="Settings" title={<h1 className="text-head font-semibold">Settings</h1>}>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <ThisBrowser />
        <People />
        <Channels />
        <Configuration />
      </div>
    </Page>
  );
}

function ThisBrowser() {
  const [chosenTheme, chooseTheme] = useState(theme);
  const [chosenDensity, chooseDensity] = useState(density);
  const client = useQueryClient();
  const navigate = useNavigate();
  const everywhere = useCommand({
    run: (_: void, options) => signOut({ everywhere: true }, options),
    onDone: () => {
      actFor(null);
      client.clear();
      void navigate({ to: '/sign-in' });
    },
  });
  return (
    <Part title="This browser">
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3 px-4 pt-1 pb-4">
        <Select
          above
          label="Theme"
          value={chosenTheme}
          options={THEMES}
          onChoose={(value) => {
            const next = THEMES.find((each) => each === value) ?? 'system';
            chooseTheme(next);
            setTheme(next);
          }}
        />
        <Select
          above
          label="Density"
          value={chosenDensity}
          options={DENSITIES}
          onChoose={(value) => {
            const next = DENSITIES.find((each) => each === value) ?? 'normal';
            chooseDensity(next);
            setDensity(next);
          }}
        />
        <Writes>
          <Sure
            verb="Sign out everywhere"
            effect="Every browser that is signed in to this server has to sign in again, this one too."
            busy={everywhere.isPending}
            onSure={() => everywhere.mutate()}
          />
        </Writes>
      </div>
    </Part>
  );
}

function People() {
  const { data: team } = useQuery(people);
  const { data: mine } = useQuery(me);
  return (
    <Part title="People" actions={(team?.length ?? 0) > 1 && <Button onClick={() => open('person')}>Act for somebody else</Button>}>
      <ul aria-label="People" className="pb-3">
        {(team ?? []).map(({ id, name, email, approves }) => (
          <li key={id} className="flex min-h-(--row) flex-wrap items-center gap-x-3 px-4">
            <Initials name={name} />
            <span className="font-medium">{name}</span>
            <span className="font-mono text-dense text-faint">{id}</span>
            <span className="text-muted">{email}</span>
            <span className="ml-auto text-dense text-muted">
              {mine?.person.id === id ? 'this browser acts for them' : ''}
              {mine?.person.id === id && approves ? ', ' : ''}
              {approves ? 'may approve plans' : ''}
            </span>
          </li>
        ))}
      </ul>
      <p className="px-4 pb-4 text-dense text-muted">
        They are listed in the configuration: <code className="font-mono">[people.NAME]</code> with name and email.
      </p>
    </Part>
  );
}

function Configuration() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error } = useQuery(settings);
  const words = q.trim().toLowerCase();
  const shown = (data ?? []).filter(({ key, value }) => `${key} ${value}`.toLowerCase().includes(words));
  const sections = [...new Set(shown.map(({ key }) => sectionOf(key)))];
  return (
    <Part
      title="Configuration"
      actions={
        <Text
          type="search"
          label="Search the configuration"
          placeholder="Search"
          value={q}
          onChange={(event) => void navigate({ search: event.target.value ? { q: event.target.value } : {}, replace: true })}
          className="w-48"
        />
      }
    >
      <p className="px-4 pb-3 text-muted">
        It is changed in the file, or by variables, on the server's machine; it holds from the server's next start. What a project sets for itself is on the
        page of its <Link to="/repos" className="underline decoration-line-strong underline-offset-4">repositories</Link>. On the command line:{' '}
        <code className="font-mono">team6 config show</code>
      </p>
      {error && <ProblemNote error={error} />}
      {!data && !error && <SkeletonRows rows={10} label="Loading the configuration" />}
      {data && shown.length === 0 && (
        <Empty
          title="Nothing is called so"
          command="team6 config show"
          action={
            <Link to="/settings" search={{}} replace className={buttonClass('plain')}>
              Show all of it
            </Link>
          }
        />
      )}
      {sections.map((section) => (
        <section key={section} aria-label={section || 'In no section'} className="border-t border-line">
          {section && <h3 className="bg-sunken px-4 py-1 font-mono text-dense text-muted">[{section}]</h3>}
          <ul>
            {shown
              .filter(({ key }) => sectionOf(key) === section)
              .map((item) => (
                <Setting key={item.key} item={item} />
              ))}
          </ul>
        </section>
      ))}
    </Part>
  );
}

function Setting({ item: { key, value, origin, place, variable } }: { item: SettingItem }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 border-t border-line px-4 py-1.5 first:border-t-0">
      <code className="w-64 font-mono wrap-anywhere max-desk:w-full">{key}</code>
      <span className="min-w-0 flex-1 font-mono wrap-anywhere">{origin === 'not_set' ? <span className="text-faint">not set</span> : value === '' ? '""' : value}</span>
      <span className="text-dense text-muted max-desk:w-full" title={`Set ${key} in the file, or ${variable} over it`}>
        {origin === 'built_in' || origin === 'not_set' ? (
          <>
            {origin === 'built_in' ? 'built in; ' : ''}set it as <code className="font-mono wrap-anywhere">{variable}</code>
          </>
        ) : (
          <code className="font-mono wrap-anywhere">{place}</code>
        )}
      </span>
    </li>
  );
}

function sectionOf(key: string): string {
  return key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : '';
}
