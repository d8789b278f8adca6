Feature: What can wait is attested now and owed by a date
  The flight leaves at six, and the report number may follow. Whether the return is safe and lawful never may.

  Scenario: An officer's word stands for the report number, and the number is owed
    Given Ana enters the family of story f
    When Ana attests the report number on the officer's word
    Then the domestic fund says eligible provisional
    And the request waits for approval
    And the report number is owed by 2026-12-05

  Scenario Outline: What is owed is overdue only when its day is over where the house is
    Given Ana enters the family of story f
    And Ana attests the report number on the officer's word
    When it is <moment> UTC
    Then Ana's work list calls it <standing>

    Examples: under, at and over; midnight in the east is five in the morning
      | moment           | standing |
      | 2026-12-04 12:00 | in time  |
      | 2026-12-05 12:00 | in time  |
      | 2026-12-06 04:59 | in time  |
      | 2026-12-06 05:00 | overdue  |

  Scenario: The family's letter asks for it, with its date, in their own words
    Given Ana enters the family of story f
    And Ana attests the report number on the officer's word
    When Ben approves and releases it
    Then the letter asks by 2026-12-05: "What is the number of the police or agency report?"

  Scenario: The number comes, and nothing is owed any more
    Given Ana enters the family of story f
    And Ana attests the report number on the officer's word
    When Ana answers it
    Then the domestic fund says eligible
    And nothing is owed

  Scenario: The word is taken back, and the question is open again
    Given Ana enters the family of story f
    And Ana attests the report number on the officer's word
    When Ana takes the word back
    Then the domestic fund says needs information

  Scenario: Nobody attests that the return is safe and lawful
    Given Ana enters the family of story f
    And nobody has decided yet whether the return is safe and lawful
    When Ana tries to attest that the return is safe and lawful
    Then she is told: "This rule takes nobody's word. Ask for the fact itself."
    And the domestic fund says needs information

  Scenario: Nothing is attested that is known already
    Given Ana enters the family of story b
    When Ana tries to attest the report number
    Then she is told: "Nothing is missing for this requirement now, so nothing can be owed."
