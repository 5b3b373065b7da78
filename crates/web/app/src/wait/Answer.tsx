// A question of an agent: its options to choose from, or an answer in words.
import { Button } from '../ui/Button';
import { Words } from './Words';

interface Props {
  question: string;
  why?: string;
  options: readonly string[];
  busy: boolean;
  onAnswer: (text: string) => void;
  children?: React.ReactNode;
}

export function Answer({ question, why, options, busy, onAnswer, children }: Props) {
  return (
    <div className="flex flex-col gap-3">
      <p className="text-head font-medium break-words whitespace-pre-wrap">{question}</p>
      {why && <p className="break-words whitespace-pre-wrap text-muted">{why}</p>}
      {options.length > 0 && (
        <ul className="flex flex-col gap-1.5" aria-label="Options">
          {options.map((option) => (
            <li key={option}>
              <Button
                disabled={busy}
                onClick={() => onAnswer(option)}
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
        onSend={onAnswer}
      >
        {children}
      </Words>
    </div>
  );
}
