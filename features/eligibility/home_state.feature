Feature: The home state pays first where the Interstate Compact applies
  A runaway held in another state over 24 hours, or with abuse suspected, is brought home by the home state.
  It never refuses a family. Where the file does not rule it out, a person says whether the home state was asked.

  Scenario Outline: When the home state is the payer
    Given a boy of 15 found in <where> state, held <how long>, with <suspicion>
    When the sources are asked
    Then the home state answers: <answer>

    Examples:
      | where   | how long              | suspicion          | answer         |
      | another | over 24 hours         | no abuse suspected | worth applying |
      | another | under 24 hours        | abuse suspected    | worth applying |
      | another | under 24 hours        | no abuse suspected | unlikely       |
      | another | nobody knows how long | no abuse suspected | ask            |
      | his own | over 24 hours         | no abuse suspected | unlikely       |

  Scenario: Whoever calls the home state knows its rules
    Given a boy of 15 found in another state, held over 24 hours, with no abuse suspected
    When the sources are asked
    Then the card of the home state tells staff "within 5 business days"
    And the card of the home state tells staff "today, before anything is booked"
    And the card of the home state tells staff "at least 48 hours ahead"
    And the card of the home state tells staff "No commercial bus or train unless"

  Scenario Outline: A child the home state must bring home rides no train alone without a person's word
    Given a child of <age> takes an Amtrak train home, <company>
    And the file <says> that the home state must bring the child home
    When our own fund is asked about it
    Then <answer>

    Examples:
      | age | company         | says      | answer                         |
      | 17  | without anybody | shows     | a person is asked to decide it |
      | 17  | with the mother | shows     | it pays $90.00                 |
      | 18  | without anybody | shows     | it pays $90.00                 |
      | 17  | without anybody | rules out | it pays $90.00                 |

  Scenario Outline: Our own fund pays in its place only on a person's word
    Given a boy of 15 found in another state, held over 24 hours, with no abuse suspected
    When the sources are asked
    Then our own fund answers: needs staff decision
    When a person records of DR-09: <word>
    Then our own fund answers: <answer>

    Examples:
      | word    | answer     |
      | met     | eligible   |
      | not met | ineligible |

  Scenario Outline: What nobody wrote down is not taken for "the home state need not pay"
    Given a boy of 15 found in <where> state, held <how long>, with no abuse suspected
    When the sources are asked
    Then our own fund answers: <answer>

    Examples:
      | where   | how long              | answer               |
      | another | nobody knows how long | needs staff decision |
      | another | under 24 hours        | eligible             |
      | his own | nobody knows how long | eligible             |

  Scenario: A boy handed to his mother within the day is not held up
    Given a boy of 15 found in another state, held under 24 hours, with no abuse suspected
    When the sources are asked
    Then nothing holds the request up

  Scenario Outline: Who left an agency with custody is covered too, which only a person can tell
    Given a boy of 15 found in another state, held over 24 hours, with no abuse suspected
    And his case is entered as <case type>
    When the sources are asked
    Then the home state answers: <answer>
    And our own fund answers: <ours>

    Examples:
      | case type                       | answer   | ours                 |
      | missing from care               | ask      | needs staff decision |
      | critically missing young adult  | ask      | needs staff decision |
      | family abduction                | unlikely | eligible             |

  Scenario: The flight goes tonight, on a word of the case manager
    Given Ana enters the family of story b
    And the boy was held over a day in another state
    When the request is checked
    Then it waits for a decision of staff, and of nobody else
    When Ana records that the Compact office was asked and cannot pay in time
    Then it waits for approval with $1,583.60 covered and 1 night given by a partner
