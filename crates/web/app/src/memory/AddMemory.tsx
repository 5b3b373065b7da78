// What a person has learnt, for whoever works on the project later.
import { useQueryClient } from '@tanstack/react-query';
import { remember } from '../api/generated/team6';
import type { Memory } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { MemoryForm, type Said } from './MemoryForm';

interface Props {
  project: string;
  repositories: readonly string[];
  onAdded: (memory: Memory) => void;
  onLeave: () => void;
}

export function AddMemory({ project, repositories, onAdded, onLeave }: Props) {
  const client = useQueryClient();
  const add = useCommand({
    run: async (said: Said, options) => {
      const added = await remember(project, said, options);
      await client.invalidateQueries({ queryKey: ['memories'] });
      onAdded(added);
    },
    done: 'Remembered: agents are told from now on',
  });
  return (
    <MemoryForm
      said={{ text: '', kind: 'convention', scope: { in: 'project' } }}
      repositories={repositories}
      busy={add.isPending}
      leave="Leave it"
      onSave={(said) => add.mutate(said)}
      onLeave={onLeave}
    />
  );
}
