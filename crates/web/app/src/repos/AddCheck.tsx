import { type FormEvent, useState } from 'react';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Text } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { Writes } from '../wait/Writes';

interface Named {
  name: string;
  command: string;
}

interface Props {
  /** Where its command is run, as a label ends. */
  where: string;
  run: (check: Named, options: RequestInit) => Promise<unknown>;
  onAdded: () => void;
}

/** A further check, by its name and its command. */
export function AddCheck({ where, run, onAdded }: Props) {
  const [name, setName] = useState('');
  const [command, setCommand] = useState('');
  const add = useCommand({
    run,
    done: ({ name }) => `${name} is run from now on`,
    quiet: true,
    onDone: () => {
      setName('');
      setCommand('');
      onAdded();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ name: name.trim(), command: command.trim() });
  };
  return (
    <Writes>
      <form onSubmit={submit} aria-label="Add a check" className="mt-3 flex flex-col gap-2">
        <Text above label="Name of a further check" value={name} onChange={(event) => setName(event.target.value)} className="w-40" />
        <Text above label={`Its command, run by sh ${where}`} value={command} onChange={(event) => setCommand(event.target.value)} className="font-mono" />
        {add.error && <ProblemNote error={add.error} />}
        <Button type="submit" className="self-start" disabled={add.isPending || name.trim() === '' || command.trim() === ''}>
          Add
        </Button>
      </form>
    </Writes>
  );
}
