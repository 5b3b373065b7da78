// A question of an agent: its options to choose from, or an answer in words.
import { Button } from '../ui/Button';
import { Markdown } from '../ui/markdown/Markdown';
import { Words } from './Words';
import { leave } from './unsent';

interface Props {
  question: string;
  why?: string;
  options: readonly string[];
  busy: boolean;
  /** What an answer in words is about. */
  about: string;
  onAnswer: (text: string) => Promise<unknown>;
  children?: React.ReactNode;
}

export function Answer({ question, why, options, busy, about, onAnswer, children }: Props) {
  const choose = (option: string) => {
    // Chosen, it waits for no words any more; whoever asks says what was wrong.
    onAnswer(option).then(
      () => leave(about),
      () => undefined,
    );
  };
  return (
    <div className="flex flex-col gap-3">
      <Markdown text={question} className="text-head font-medium" />
      {why && <Markdown text={why} className="text-muted" />}
      {options.length > 0 && (
        <ul className="flex flex-col gap-1.5" aria-label="Options">
          {options.map((option) => (
            <li key={option}>
              <Button
                disabled={busy}
                onClick={() => choose(option)}
                className="h-auto min-h-8 w-full justify-start! py-1 text-left whitespace-normal! pointer-coarse:h-auto pointer-coarse:min-h-11"
              >
                {option}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Words
        label={options.length > 0 ? 'Or in your own words' : 'Your answer'}
        verb="Answer"
        busy={busy}
        about={about}
        onSend={onAnswer}
      >
        {children}
      </Words>
    </div>
  );
}
