// A memory in other words, of another kind, or elsewhere.
import { editMemory } from '../api/generated/team6';
import type { Memory } from '../api/generated/team6.schemas';
import { MemoryForm, type Said } from './MemoryForm';
import { useMemoryCommand } from './useMemoryCommand';

interface Props {
  project: string;
  memory: Memory;
  repositories: readonly string[];
  onClose: () => void;
}

export function EditMemory({ project, memory, repositories, onClose }: Props) {
  const asSaid = ({ text, kind, scope }: Memory): Said => ({ text, kind, scope });
  const edit = useMemoryCommand<Said>({
    memory,
    step: (said) => ({ run: (options) => editMemory(project, memory.id, said, options), shown: said }),
    back: (before) => ({
      run: (options) => editMemory(project, before.id, asSaid(before), options),
      shown: asSaid(before),
    }),
    done: 'Changed',
    onDone: onClose,
  });
  return (
    <MemoryForm
      said={memory}
      repositories={repositories}
      busy={edit.isPending}
      leave="Leave it as it is"
      onSave={(said) => edit.mutate(said)}
      onLeave={onClose}
    />
  );
}
