"""Ten questions, and the document that answers each. They are asked in other words than the answer uses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the file name of the document that has to be among the first five hits."""

    text: str
    answer: str


QUESTIONS = (
    Question("How do I define options and positional arguments for a command line program?", "argparse.txt"),
    Question("compute a SHA-256 digest of some bytes", "hashlib.txt"),
    Question("read rows of comma separated values into dictionaries", "csv.txt"),
    Question("priority queue: always take out the smallest item", "heapq.txt"),
    Question("create a temporary directory that removes itself", "tempfile.txt"),
    Question("measure how long a small piece of code takes to run", "timeit.txt"),
    Question("split a shell command line into words, respecting quotes", "shlex.txt"),
    Question("run another program and capture what it prints", "subprocess.txt"),
    Question("오늘이 대한민국의 공휴일인지 날짜로 확인하려면?", "holidayskr-metadata.md"),
    Question("형태소 분석기에 사용자 사전의 단어를 추가하는 방법", "kiwipiepy-documentation.md"),
)
