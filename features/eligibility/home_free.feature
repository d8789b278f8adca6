Feature: A free bus ticket home for young people of 12 to 21
  The Safeline alone gives it. Where the sources disagree, a person asks.

  Scenario Outline: By age and by where they go
    Given a young person of <age> who goes to <to>
    And who has had 0 Home Free tickets
    When the sources are asked
    Then Home Free answers: <answer>

    Examples:
      | age | to                      | answer         |
      | 11  | a parent                | unlikely       |
      | 12  | a parent                | worth applying |
      | 17  | an aunt                 | worth applying |
      | 17  | an approved alternative | unlikely       |
      | 18  | an approved alternative | worth applying |
      | 21  | a parent                | worth applying |
      | 22  | a parent                | unlikely       |

  Scenario Outline: How many tickets are left is only in the press, so a person asks
    Given a young person of <age> who goes to a parent
    And who has had <count> Home Free tickets
    When the sources are asked
    Then Home Free answers: <answer>

    Examples:
      | age | count | answer         |
      | 17  | 1     | worth applying |
      | 17  | 2     | ask            |
      | 18  | 0     | worth applying |
      | 18  | 1     | ask            |

  Scenario Outline: From which age on one rides alone is in conflict, so a person decides
    Given a young person of <age> who goes to a parent
    And who has had 0 Home Free tickets
    And who travels <how>
    When the sources are asked
    Then Home Free answers: <answer>
    And the card of Home Free tells staff "without one, call all the same"

    Examples:
      | age | how           | answer         |
      | 17  | alone         | ask            |
      | 17  | with an adult | worth applying |
      | 18  | alone         | worth applying |
